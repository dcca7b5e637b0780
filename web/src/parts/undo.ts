/** « Annuler » after « next »: there while it counts, gone with its last second. */
import { html, type TemplateResult } from "lit";
import { define, Part } from "../part";
import type { Countdown } from "../wire.gen";
import { length, t } from "../words";
import { icon } from "./icon";

class Undo extends Part {
  static override properties = { ...Part.properties, countdown: { attribute: false }, phase: {} };
  declare countdown: Countdown;
  declare phase: string;
  protected override tick_ms = 250;

  protected override render(): TemplateResult {
    const left_ms = this.room.left(this.countdown);
    if (left_ms <= 0) return html``;
    return html`<button
      class="btn undo"
      data-gesture="undo"
      @click=${() => void this.room.ask({ type: "undo", phase: this.phase })}
    >
      ${icon("back")}${t("undo")}<span class="faint" aria-hidden="true">${length(left_ms)}</span>
    </button>`;
  }
}

define("co-undo", Undo);
