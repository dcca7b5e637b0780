/** One of several seats, chosen in a list, and what is done with it. */
import { html, type TemplateResult } from "lit";
import { define, Part } from "../part";

class Pick extends Part {
  static override properties = {
    ...Part.properties,
    seats: { attribute: false },
    label: {},
    words: {},
    gesture: {},
    act: { attribute: false },
  };
  declare seats: string[];
  declare label: string;
  declare words: string;
  declare gesture: string;
  declare act: (seat: string) => void;
  #chosen = "";

  protected override render(): TemplateResult {
    const chosen = this.seats.includes(this.#chosen) ? this.#chosen : (this.seats[0] ?? "");
    return html`<span class="with-button"
      ><select
        class="input"
        aria-label=${this.label}
        @change=${(event: Event) => (this.#chosen = (event.target as HTMLSelectElement).value)}
      >
        ${this.seats.map((seat) => html`<option value=${seat} ?selected=${seat === chosen}>${this.room.name(seat)}</option>`)}
      </select>
      <button
        class="btn"
        data-gesture=${this.gesture}
        @click=${() => this.act(this.seats.includes(this.#chosen) ? this.#chosen : (this.seats[0] ?? ""))}
      >
        ${this.words}
      </button></span
    >`;
  }
}

define("co-pick", Pick);
