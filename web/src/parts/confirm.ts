/** A gesture that must not happen by mistake: the first press asks, the second, in another place, does. Escape takes it back. */
import { html, nothing, type TemplateResult } from "lit";
import { define, Part } from "../part";
import { t } from "../words";
import { icon } from "./icon";

class Confirm extends Part {
  static override properties = {
    ...Part.properties,
    words: {},
    ask: {},
    yes: {},
    icon: {},
    quiet: { attribute: false },
    grave: { attribute: false },
    act: { attribute: false },
    gesture: {},
  };
  declare words: string;
  declare ask: string;
  declare yes: string;
  declare icon: string;
  declare quiet: boolean;
  declare grave: boolean;
  declare act: () => void;
  /** The command's tag, for whoever looks for the button. */
  declare gesture: string | undefined;
  #asking = false;

  protected override render(): TemplateResult {
    if (!this.#asking) {
      return html`<button
        class="btn ${this.quiet ? "bare" : ""}"
        data-gesture=${this.gesture ?? nothing}
        aria-label=${this.words}
        title=${this.words}
        @click=${() => this.#turn(true)}
      >
        ${this.icon ? icon(this.icon) : nothing}<span class=${this.quiet && this.icon ? "wide" : ""}
          >${this.words}</span
        >
      </button>`;
    }
    return html`<div
      class="confirm"
      role="group"
      aria-label=${this.ask}
      @keydown=${(event: KeyboardEvent) => event.key === "Escape" && this.#turn(false)}
    >
      <span>${this.ask}</span>
      <button class="btn small" data-no @click=${() => this.#turn(false)}>${t("no")}</button>
      <button
        class="btn small ${this.grave ? "grave" : ""}"
        data-confirm=${this.gesture ?? nothing}
        @click=${() => this.#do()}
      >
        ${this.yes}
      </button>
    </div>`;
  }

  #turn(asking: boolean): void {
    this.#asking = asking;
    this.requestUpdate();
    void this.updateComplete.then(() => this.querySelector<HTMLElement>(asking ? "[data-no]" : "button")?.focus());
  }

  #do(): void {
    this.#asking = false;
    this.requestUpdate();
    this.act();
  }
}

define("co-confirm", Confirm);
