/** What all live parts of the page share: light DOM, and a new drawing whenever the room has changed. */
import { LitElement } from "lit";
import type { Room } from "./room";

export abstract class Part extends LitElement {
  static override properties: Record<string, object> = { room: { attribute: false } };
  declare room: Room;
  #silent: (() => void) | undefined;
  #ticking: number | undefined;
  /** Draw anew so often, in milliseconds, because time itself shows; 0: only when something changed. */
  protected tick_ms = 0;

  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#silent = this.room.listen(() => this.requestUpdate());
    if (this.tick_ms > 0) this.#ticking = window.setInterval(() => this.requestUpdate(), this.tick_ms);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#silent?.();
    clearInterval(this.#ticking);
  }
}

/** Register an element once; a page that is hot-reloaded may define it again. */
export function define(name: string, part: CustomElementConstructor): void {
  if (!customElements.get(name)) customElements.define(name, part);
}
