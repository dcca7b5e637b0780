/** « Pour moi »: what a person can say for themselves at any time. Quiet, two presses away, and it says who learns of it. */
import { html, nothing, type TemplateResult } from "lit";
import { live } from "lit/directives/live.js";
import { ringing, setRinging } from "../bells";
import { notifies, setNotifying } from "../caller";
import { canNotify, canSound } from "../capabilities";
import { define, type Part } from "../part";
import { Sheet } from "../sheet";
import { length, t } from "../words";
import { icon } from "./icon";
import { line, setPhone } from "./phone";
import "./leaving";

const NOTE = "note_lead";

class Mine extends Sheet {
  protected override render(): TemplateResult {
    return html`<button
        class="btn bare"
        data-dock="mine"
        aria-label=${t("mine")}
        title=${t("mine")}
        @click=${() => this.show()}
      >
        ${icon("person")}<span class="wide">${t("mine")}</span>
      </button>
      ${this.sheet("mine-h", t("mine"), () => html`${this.#pause()} ${this.#lead()} ${this.#typing()} ${this.#phone()} ${this.#goingOn()} ${this.#leaving()} ${this.#rest()}`, "sheet")}`;
  }

  /** Where somebody leads, the pause is asked of them; where nobody does, it simply begins. */
  #pause(): TemplateResult | typeof nothing {
    const { room } = this;
    if (room.own?.pause_asked) return html`<p class="told">${icon("check")}${t("pause.told")}</p>`;
    const unconducted = room.common?.conducted === false;
    const alone = unconducted || room.common?.vacant === true;
    if (!room.may("ask_pause") && !(unconducted && room.may("care_pause"))) return nothing;
    const ask = (): void => {
      this.hide();
      if (alone) void room.ask({ type: unconducted ? "care_pause" : "ask_pause" });
      else void room.askAndSay({ type: "ask_pause" }, t("pause.told"));
    };
    return row(
      html`<button class="btn" data-gesture=${unconducted ? "care_pause" : "ask_pause"} @click=${ask}>
        ${icon("cup")}${t("pause.ask")}
      </button>`,
      t(alone ? "pause.alone" : "pause.private"),
    );
  }

  #lead(): TemplateResult | typeof nothing {
    const { common, own } = this.room;
    const { texts } = this.room;
    const lead = common?.lead;
    const line = texts.kept(NOTE) ?? "";
    const nobody = !lead || own?.leads || this.room.isMe(lead) || this.room.seat(lead)?.presence === "absent";
    if (nobody && !line && !texts.at(NOTE)) return nothing;
    const name = lead && !this.room.isMe(lead) ? this.room.name(lead) : t("role.facilitator");
    const send = async (event: Event): Promise<void> => {
      event.preventDefault();
      if (!(await this.room.tell({ preset: "call_lead", line: line.trim() }))) return;
      texts.done(NOTE);
      this.hide();
    };
    return html`<form class="told-lead" data-text=${NOTE} @submit=${(event: Event) => void send(event)}>
      <label class="label" for="note-line">${t("note.to_lead", { name })}</label>
      <div class="with-button">
        <input
          class="input"
          id="note-line"
          maxlength="140"
          autocomplete="off"
          placeholder=${t("note.placeholder")}
          .value=${live(line)}
          @input=${(event: Event) => texts.keep(NOTE, (event.target as HTMLInputElement).value)}
        />
        <button class="btn" data-gesture="send_note">${t("note.send")}</button>
      </div>
      <span class="faint" role="status">${nobody ? t("text.note_nobody") : t("note.kept_nowhere")}</span>
    </form>`;
  }

  #typing(): TemplateResult | typeof nothing {
    const { room } = this;
    if (!room.may("choose_typing") || room.own?.role === "facilitator") return nothing;
    const typed = room.own?.typed ?? false;
    return row(
      html`<button
        class="btn"
        data-gesture="choose_typing"
        aria-pressed=${typed}
        @click=${() => void room.ask({ type: "choose_typing", typed: !typed })}
      >
        ${icon(typed ? "check" : "pen")}${t("typing")}
      </button>`,
      t(typed ? "typing.on" : "typing.off"),
    );
  }

  #phone(): TemplateResult | typeof nothing {
    const { room } = this;
    if (!room.may("set_phone")) return nothing;
    const phone = room.me?.phone ?? false;
    return row(
      setPhone(room, room.boot.seat, !phone, t(phone ? "phone.off" : "phone.on")),
      html`${t(phone ? "phone.now" : room.boot.backup_line ? "phone.call" : "phone.call_lead")}
      ${phone ? nothing : line(room)}`,
    );
  }

  #goingOn(): TemplateResult | typeof nothing {
    const { room } = this;
    return room.own?.role === "client" && room.common?.conducted ? goingOn(this) : nothing;
  }

  #leaving(): TemplateResult | typeof nothing {
    return this.room.may("leave_at") ? html`<co-leaving .room=${this.room}></co-leaving>` : nothing;
  }

  async #notify(box: HTMLInputElement): Promise<void> {
    const agreed = await setNotifying(box.checked);
    if (!agreed) this.room.say(t("notify.refused"));
    box.checked = notifies();
    this.requestUpdate();
  }

  #rest(): TemplateResult {
    const talk_ms = this.room.own?.talk_ms ?? 0;
    return html`<div class="small-print">
      ${canSound() ? html`<label class="check"><input type="checkbox" .checked=${ringing()} @change=${(event: Event) => setRinging((event.target as HTMLInputElement).checked)} />${t("bells")}</label>` : nothing}
      ${canNotify() ? html`<label class="check"><input type="checkbox" data-notify .checked=${notifies()} @change=${(event: Event) => void this.#notify(event.target as HTMLInputElement)} />${t("notify")}</label>` : nothing}
      ${this.room.common?.status === "running" ? html`<p class="faint">${talk_ms < 1000 ? t("talk.none") : t("talk.mine", { time: length(talk_ms) })}</p>` : nothing}
    </div>`;
  }
}

/** The client's word, given beforehand: if I drop during the advice, it goes on and I read it. */
export function goingOn(part: Part): TemplateResult | typeof nothing {
  const { room } = part;
  if (!room.may("agree_going_on")) return nothing;
  return html`<label class="check"
    ><input
      type="checkbox"
      data-gesture="agree_going_on"
      .checked=${room.own?.goes_on ?? false}
      @change=${(event: Event) => void room.ask({ type: "agree_going_on", agreed: (event.target as HTMLInputElement).checked })}
    />${t("going_on")}</label
  >`;
}

function row(gesture: TemplateResult, words: TemplateResult | string): TemplateResult {
  return html`<div class="gesture-row">${gesture}<span class="faint">${words}</span></div>`;
}

define("co-mine", Mine);
