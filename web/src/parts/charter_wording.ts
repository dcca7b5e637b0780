/** The group's own charter: the lead writes a wording, a line for each rule, and the group decides by consent. */
import { html, nothing, type TemplateResult } from "lit";
import { live } from "lit/directives/live.js";
import { define } from "../part";
import { Sheet } from "../sheet";
import { t, text } from "../words";

const LINES = 12;
const LENGTH = 200;

const NAME = "charter";

/** The button that opens it; the sheet itself stands once on the page. */
export function wordingButton(): TemplateResult {
  const open = (): void => document.querySelector<CharterWording>("co-charter-wording")?.open();
  return html`<button class="btn" data-gesture="charter_wording" @click=${open}>${t("wording.open")}</button>`;
}

class CharterWording extends Sheet {
  #text = "";
  #wrong = false;

  protected override render(): TemplateResult {
    return this.sheet(
      "wording-h",
      t("wording.title"),
      () =>
        html`<form class="told-lead" data-text=${NAME} @submit=${(event: Event) => void this.#propose(event)}>
          <label class="dim" for="wording">${t("wording.what")}</label>
          <textarea
            class="input"
            id="wording"
            rows="8"
            .value=${live(this.#text)}
            @input=${(event: Event) => this.#type(event)}
          ></textarea>
          ${this.#wrong ? html`<span class="missing" role="alert">${t("wording.wrong", { lines: LINES, length: LENGTH })}</span>` : nothing}
          <span class="dim" role="status">${this.room.may("propose_charter") ? nothing : t("text.charter_over")}</span>
          <button class="btn primary" data-gesture="propose_charter">${t("wording.propose")}</button>
        </form>`,
    );
  }

  #type(event: Event): void {
    this.#text = (event.target as HTMLTextAreaElement).value;
    this.room.texts.keep(NAME, this.#text);
    if (!this.#wrong) return;
    this.#wrong = false;
    this.requestUpdate();
  }

  async #propose(event: Event): Promise<void> {
    event.preventDefault();
    const lines = this.#text
      .split("\n")
      .map((line) => line.trim())
      .filter(Boolean);
    this.#wrong = lines.length === 0 || lines.length > LINES || lines.some((line) => Array.from(line).length > LENGTH);
    this.requestUpdate();
    if (this.#wrong || !(await this.room.ask({ type: "propose_charter", lines })).ok) return;
    this.room.texts.done(NAME);
    this.hide();
  }

  /** What was typed and not proposed comes first. */
  open(): void {
    const { common, texts } = this.room;
    this.#text = texts.kept(NAME) ?? (common?.charter_vote?.lines ?? common?.charter.map(text) ?? []).join("\n");
    this.show();
  }
}

define("co-charter-wording", CharterWording);
