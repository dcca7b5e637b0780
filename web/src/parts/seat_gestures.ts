/** What the lead can do for one seat: a private word, the expert's mark, a job. Behind one small button in the seat's row. */
import { html, nothing, type TemplateResult } from "lit";
import { define } from "../part";
import { Sheet } from "../sheet";
import type { NotePreset } from "../wire.gen";
import { t, timeOfDay } from "../words";
import { icon } from "./icon";
import { candidates } from "./lead_cards";

const PRESETS: NotePreset[] = ["conclude", "open_question"];

class SeatGestures extends Sheet {
  static override properties = { ...Sheet.properties, seat: {} };
  declare seat: string;
  #line = "";

  protected override render(): TemplateResult {
    const name = this.room.name(this.seat);
    const title = t("seat.gestures", { name });
    return html`<button class="btn bare small square" data-seat-menu=${this.seat} aria-label=${title} title=${title} @click=${() => this.show()}>
        ${icon("more")}
      </button>
      ${this.sheet(`seat-${this.seat}-h`, name, () => html`${this.#leaves()} ${this.#note(name)} ${this.#expert()} ${this.#jobs()}`, "sheet middle")}`;
  }

  #leaves(): TemplateResult | typeof nothing {
    const at_ms = this.room.seat(this.seat)?.leaves_at_ms;
    if (at_ms == null) return nothing;
    return html`<p class="told">${icon("clock")}${t("leaving.seat", { time: timeOfDay(this.room.wall(at_ms)) })}</p>`;
  }

  #note(name: string): TemplateResult | typeof nothing {
    if (this.room.seat(this.seat)?.presence === "absent") return html`<p class="dim">${t("refused.seat_absent")}</p>`;
    const send = async (preset: NotePreset | null): Promise<void> => {
      const line = this.#line.trim();
      if (!preset && !line) return;
      if (!(await this.room.tell({ to: this.seat, preset, line }))) return;
      this.#line = "";
      this.hide();
    };
    return html`<form class="told-lead" @submit=${(event: Event) => {
      event.preventDefault();
      void send(null);
    }}>
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
          .value=${this.#line}
          @input=${(event: Event) => (this.#line = (event.target as HTMLInputElement).value)}
        />
        <button class="btn" data-gesture="send_note">${t("note.send")}</button>
      </div>
      <span class="faint">${t("note.kept_nowhere")}</span>
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
