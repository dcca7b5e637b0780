/** A part that is a button and the dialog behind it: drawn only while it is open, closed by its button, Escape or a gesture that is done. */
import { html, nothing, type TemplateResult } from "lit";
import { open, shut } from "./capabilities";
import { Part } from "./part";
import { t } from "./words";

export abstract class Sheet extends Part {
  #open = false;

  /** The dialog under the title `id`. `kind` is its place: "" in the middle, "sheet" above the dock, "sheet middle" small in the middle. */
  protected sheet(id: string, title: string, body: () => unknown, kind = ""): TemplateResult {
    return html`<dialog class=${kind} aria-labelledby=${id} @close=${() => this.#closed()}>
      <header>
        <h2 id=${id}>${title}</h2>
        <button class="btn bare small push" @click=${() => this.hide()}>${t("close")}</button>
      </header>
      ${this.#open ? body() : nothing}
    </dialog>`;
  }

  protected show(): void {
    this.#open = true;
    this.requestUpdate();
    void this.updateComplete.then(() => {
      const dialog = this.querySelector("dialog");
      if (dialog) open(dialog);
    });
  }

  protected hide(): void {
    const dialog = this.querySelector("dialog");
    if (dialog) shut(dialog);
  }

  #closed(): void {
    this.#open = false;
    this.requestUpdate();
  }
}
