/** « J'écoute, j'écris »: one's turn as a text, shown large to everybody while it is read aloud. May be changed while the turn lasts. */
import { html, type TemplateResult } from "lit";
import { live } from "lit/directives/live.js";
import { define, Part } from "../part";
import { t } from "../words";
import { icon } from "./icon";

const LENGTH = 600;

class TypedTurn extends Part {
  #text = "";
  #turn = 0;

  protected override willUpdate(): void {
    const turn = this.room.common?.floor.turn;
    if (!turn || turn.number === this.#turn) return;
    this.#turn = turn.number;
    this.#text = turn.text ?? "";
  }

  protected override render(): TemplateResult {
    const turn = this.room.common?.floor.turn;
    if (!turn || !this.room.own?.my_turn) return html``;
    const shown = turn.text !== null && turn.text === this.#text.trim();
    return html`<form class="typed-turn" @submit=${(event: Event) => void this.#show(event)}>
      <label class="visually-hidden" for="typed-turn">${t("typed.label")}</label>
      <textarea
        class="input"
        id="typed-turn"
        rows="4"
        maxlength=${LENGTH}
        placeholder=${t("typed.label")}
        .value=${live(this.#text)}
        @input=${(event: Event) => this.#type((event.target as HTMLTextAreaElement).value)}
      ></textarea>
      <div class="btns">
        <button class="btn ${shown ? "" : "primary"}" data-gesture="type_turn" aria-disabled=${this.#text.trim() === "" || shown}>
          ${icon(shown ? "check" : "pen")}${t(shown ? "typed.shown" : turn.text === null ? "typed.show" : "typed.change")}
        </button>
      </div>
    </form>`;
  }

  #type(text: string): void {
    this.#text = text;
    this.requestUpdate();
  }

  async #show(event: Event): Promise<void> {
    event.preventDefault();
    const text = this.#text.trim();
    if (text) await this.room.ask({ type: "type_turn", turn: this.#turn, text });
  }
}

define("co-typed-turn", TypedTurn);
