/** What the lead can do for one seat: a private word, the expert's mark, a job. Behind one small button in the seat's row. */
import { html, nothing, type TemplateResult } from "lit";
import { live } from "lit/directives/live.js";
import { define } from "../part";
import type { Room } from "../room";
import { Sheet } from "../sheet";
import type { NotePreset } from "../wire.gen";
import { t, timeOfDay } from "../words";
import { icon } from "./icon";
import { candidates } from "./lead_cards";
import { setPhone } from "./phone";

const PRESETS: NotePreset[] = ["conclude", "open_question"];

/** The small button in a seat's row. What it opens stands once on the page, where no row that comes and goes takes it away. */
export function seatMenu(room: Room, seat: string): TemplateResult {
  const title = t("seat.gestures", { name: room.name(seat) });
  const open = (): void => document.querySelector<SeatGestures>("co-seat-gestures")?.open(seat);
  return html`<button
    class="btn bare small square"
    data-seat-menu=${seat}
    aria-label=${title}
    title=${title}
    @click=${open}
  >
    ${icon("more")}
  </button>`;
}

class SeatGestures extends Sheet {
  seat = "";

  open(seat: string): void {
    this.seat = seat;
    this.show();
  }

  protected override render(): TemplateResult {
    const name = this.room.name(this.seat);
    return this.sheet(
      "seat-gestures-h",
      name,
      () => html`${this.#leaves()} ${this.#phone(name)} ${this.#note(name)} ${this.#expert()} ${this.#jobs()}`,
      "sheet middle",
    );
  }

  get #name(): string {
    return `note_${this.seat}`;
  }

  #leaves(): TemplateResult | typeof nothing {
    const at_ms = this.room.seat(this.seat)?.leaves_at_ms;
    if (at_ms == null) return nothing;
    return html`<p class="told">${icon("clock")}${t("leaving.seat", { time: timeOfDay(this.room.wall(at_ms)) })}</p>`;
  }

  /** Their page may be gone: whoever called is on the telephone, and turns still come to them. */
  #phone(name: string): TemplateResult | typeof nothing {
    const { room, seat } = this;
    if (room.seat(seat)?.role === "observer" || !room.may("set_phone")) return nothing;
    const phone = room.seat(seat)?.phone ?? false;
    return html`<div class="gesture-row">
      ${setPhone(room, seat, !phone, t(phone ? "phone.off_for" : "phone.on_for", { name }))}
      <span class="faint">${t("phone.on_for.what")}</span>
    </div>`;
  }

  #note(name: string): TemplateResult | typeof nothing {
    const { texts } = this.room;
    const typed = texts.kept(this.#name) ?? "";
    const away = this.room.seat(this.seat)?.presence === "absent";
    if (away && !typed && !texts.at(this.#name)) return html`<p class="dim">${t("refused.seat_absent")}</p>`;
    const send = async (preset: NotePreset | null): Promise<void> => {
      const line = typed.trim();
      if (!preset && !line) return;
      if (!(await this.room.tell({ to: this.seat, preset, line }))) return;
      texts.done(this.#name);
      this.hide();
    };
    return html`<form
      class="told-lead"
      data-text=${this.#name}
      @submit=${(event: Event) => {
        event.preventDefault();
        void send(null);
      }}
    >
      <span class="label" id="word-${this.seat}">${t("note.to_seat", { name })}</span>
      <div class="btns" role="group" aria-labelledby="word-${this.seat}">
        ${PRESETS.map((preset) => html`<button type="button" class="btn small" data-gesture="note_${preset}" @click=${() => void send(preset)}>${t(`note.${preset}`)}</button>`)}
      </div>
      <div class="with-button">
        <input
          class="input"
          maxlength="140"
          autocomplete="off"
          aria-labelledby="word-${this.seat}"
          placeholder=${t("note.line")}
          .value=${live(typed)}
          @input=${(event: Event) => texts.keep(this.#name, (event.target as HTMLInputElement).value)}
        />
        <button class="btn" data-gesture="send_note">${t("note.send")}</button>
      </div>
      <span class="faint" role="status">${away ? t("text.note_nobody") : t("note.kept_nowhere")}</span>
    </form>`;
  }

  #expert(): TemplateResult | typeof nothing {
    const { room, seat } = this;
    if (room.seat(seat)?.role !== "consultant" || room.console?.unqualified) return nothing;
    const expert = room.console?.experts.includes(seat) ?? false;
    return html`<div class="gesture-row">
      <label class="check"
        ><input
          type="checkbox"
          data-gesture="flag_expert"
          .checked=${expert}
          @change=${() => void room.ask({ type: "flag_expert", seat, expert: !expert })}
        />${t("expert")}</label
      >
      <span class="faint">${t("expert.what")}</span>
    </div>`;
  }

  #jobs(): TemplateResult[] {
    const { room, seat } = this;
    const open = (room.console?.open_jobs ?? []).filter((job) => candidates(room, job).includes(seat));
    return open.map(
      (job) =>
        html`<div class="gesture-row">
          <button
            class="btn"
            @click=${() => void room.askAndSay({ type: "offer_job", job, seat }, t("job.offered", { name: room.name(seat) })).then(() => this.hide())}
          >
            ${t("job.offer_job", { job: t(`job.${job}`) })}
          </button>
        </div>`,
    );
  }
}

define("co-seat-gestures", SeatGestures);
