/** The group's own charter: the lead writes a wording, a line for each rule, and the group decides by consent. */
import { html, nothing, type TemplateResult } from "lit";
import { define } from "../part";
import { Sheet } from "../sheet";
import { t, text } from "../words";

const LINES = 12;
const LENGTH = 200;

class CharterWording extends Sheet {
  #text = "";
  #wrong = false;

  protected override render(): TemplateResult {
    return html`<button class="btn" data-gesture="charter_wording" @click=${() => this.show()}>${t("wording.open")}</button>
      ${this.sheet(
        "wording-h",
        t("wording.title"),
        () => html`<form class="told-lead" @submit=${(event: Event) => void this.#propose(event)}>
                <label class="dim" for="wording">${t("wording.what")}</label>
                <textarea class="input" id="wording" rows="8" .value=${this.#text} @input=${(event: Event) => this.#type(event)}></textarea>
                ${this.#wrong ? html`<span class="missing" role="alert">${t("wording.wrong", { lines: LINES, length: LENGTH })}</span>` : nothing}
                <button class="btn primary" data-gesture="propose_charter">${t("wording.propose")}</button>
              </form>`,
      )}`;
  }

  #type(event: Event): void {
    this.#text = (event.target as HTMLTextAreaElement).value;
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
    this.#wrong = lines.length === 0 || lines.length > LINES || lines.some((line) => [...line].length > LENGTH);
    this.requestUpdate();
    if (!this.#wrong && (await this.room.ask({ type: "propose_charter", lines })).ok) this.hide();
  }

  protected override show(): void {
    const { common } = this.room;
    this.#text = (common?.charter_vote?.lines ?? common?.charter.map(text) ?? []).join("\n");
    super.show();
  }

}

define("co-charter-wording", CharterWording);
