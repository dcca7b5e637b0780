/**
 * « J'écoute, j'écris »: one's turn as a text, shown large to everybody while it is read aloud. May be changed while the turn
 * lasts. What was not shown when it ends is kept in this tab for the next turn, and stays in sight while the caret is in it.
 */
import { html, nothing, type TemplateResult } from "lit";
import { live } from "lit/directives/live.js";
import { define, Part } from "../part";
import type { Room } from "../room";
import { t } from "../words";
import { icon } from "./icon";

const LENGTH = 600;
const NAME = "typed_turn";

/** Whether it is one's turn, and it is taken in writing. */
export function types(room: Room): boolean {
  const thanked = room.common?.floor.turn?.thanked ?? false;
  return room.own?.typed === true && room.own.my_turn && !thanked && room.may("type_turn");
}

class TypedTurn extends Part {
  #text = "";
  #turn = 0;

  protected override willUpdate(): void {
    const turn = this.room.common?.floor.turn;
    if (!turn || turn.number === this.#turn || !this.room.own?.my_turn) return;
    this.#turn = turn.number;
    this.#text = this.room.texts.kept(NAME) ?? turn.text ?? "";
  }

  protected override render(): TemplateResult {
    const { texts, common } = this.room;
    const open = types(this.room);
    if (!open && !texts.at(NAME) && !texts.writing(NAME)) return html``;
    const turn = common?.floor.turn;
    const shown = open && turn?.text === this.#text.trim();
    const over = this.room.held("care") || this.room.held("suspended") ? "text.hold" : "text.turn_over";
    return html`<form
      class="typed-turn ${open ? "" : "over"}"
      data-text=${NAME}
      @submit=${(event: Event) => void this.#show(event)}
    >
      <div class="fate" tabindex="-1"><p role="status">${open ? nothing : t(over)}</p></div>
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
      ${
        open
          ? html`<div class="btns">
              <button
                class="btn ${shown ? "" : "primary"}"
                data-gesture="type_turn"
                aria-disabled=${this.#text.trim() === "" || shown}
              >
                ${icon(shown ? "check" : "pen")}${t(shown ? "typed.shown" : turn?.text === null ? "typed.show" : "typed.change")}
              </button>
            </div>`
          : nothing
      }
    </form>`;
  }

  #type(text: string): void {
    this.#text = text;
    this.room.texts.keep(NAME, text);
    this.requestUpdate();
  }

  async #show(event: Event): Promise<void> {
    event.preventDefault();
    const text = this.#text.trim();
    if (!text || !types(this.room)) return;
    const answer = await this.room.ask({ type: "type_turn", turn: this.#turn, text });
    if (answer.ok && this.#text.trim() === text) this.room.texts.done(NAME);
  }
}

define("co-typed-turn", TypedTurn);
