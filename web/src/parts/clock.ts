/**
 * Time, calm: minutes in ink, seconds in grey, never read aloud, can be hidden. The phase's countdown, the turn's on its
 * tile, and plain text for anything else that counts down.
 */
import { html, nothing, type TemplateResult } from "lit";
import { define, Part } from "../part";
import { forGood } from "../storage";
import { vars } from "../vars";
import type { Countdown } from "../wire.gen";
import { length, t, timeOfDay } from "../words";
import { icon } from "./icon";

class PhaseClock extends Part {
  protected override tick_ms = 250;
  #hidden = forGood.get("hidden-clock") !== null;

  protected override render(): TemplateResult {
    const now = this.room.common?.now;
    if (!now) return html``;
    const left_ms = this.room.left(now.countdown);
    const near = left_ms <= now.warn_ms;
    const until = timeOfDay(this.room.wall(this.room.now() + left_ms));
    return html`<div class="clock ${near ? "near" : ""}" role="timer" aria-live="off" aria-label=${t("clock.label")}>
      ${this.#hidden ? nothing : figures(shownLeft(left_ms, this.room.own?.leads !== false || !this.room.common?.conducted))}
      <span class="until">${this.#endsItself(left_ms) || untilWords(now.countdown, left_ms, until)}</span>
      <button
        class="btn bare small"
        aria-pressed=${this.#hidden}
        aria-label=${t("clock.hide")}
        title=${t("clock.hide")}
        @click=${() => this.#toggle()}
      >
        ${icon(this.#hidden ? "clock" : "eye-off")}<span class="wide"
          >${t(this.#hidden ? "clock.show" : "clock.hide_short")}</span
        >
      </button>
    </div>`;
  }

  /** Near its end: does the phase end by itself? */
  #endsItself(left_ms: number): string {
    const now = this.room.common?.now;
    if (!now?.ends_in || !now.countdown.running || left_ms > now.warn_ms) return "";
    const ends_ms = this.room.left(now.ends_in);
    if (ends_ms <= 0) return "";
    return left_ms > 0 ? t("clock.ends_itself") : t("clock.ends_in", { time: length(ends_ms) });
  }

  #toggle(): void {
    this.#hidden = !this.#hidden;
    if (this.#hidden) forGood.set("hidden-clock", "1");
    else forGood.remove("hidden-clock");
    this.requestUpdate();
  }
}

function untilWords(countdown: Countdown, left_ms: number, until: string): string {
  if (!countdown.running) return t("clock.held");
  return left_ms < 0 ? t("clock.over") : t("clock.until", { time: until });
}

/** What is left as it is shown: over time is calm for the group and exact for who conducts. */
export function shownLeft(left_ms: number, conducts: boolean): number {
  return conducts ? left_ms : Math.max(0, left_ms);
}

export function figures(ms: number): TemplateResult {
  const whole = Math.ceil(Math.abs(ms) / 1000 - (ms < 0 ? 1 : 0));
  const seconds = String(whole % 60).padStart(2, "0");
  return html`<b>${ms < 0 && whole > 0 ? "−" : ""}${Math.floor(whole / 60)}<i>:${seconds}</i></b>`;
}

/** On the tile of whoever has the turn: what is left, or that it is time to conclude. */
class TurnTime extends Part {
  protected override tick_ms = 250;

  protected override render(): TemplateResult {
    const turn = this.room.common?.floor.turn;
    if (!turn) return html``;
    const left_ms = this.room.left(turn.countdown);
    const share = Math.min(1, Math.max(0, left_ms / Math.max(1, turn.countdown.total_ms)));
    const words = left_ms > 0 ? t("turn.left", { time: length(left_ms) }) : t("turn.conclude");
    if (turn.silence || (turn.thanked && left_ms <= 0)) return html``; // no nudge
    return html`<span class="left">${words}</span
      ><span class="turn-time" aria-hidden="true" ${vars({ left: share.toFixed(3) })}></span>`;
  }
}

/** Words with a time that counts down in them: `words` gets `{time}`; before zero only. */
class TimeLeft extends Part {
  static override properties = { ...Part.properties, countdown: { attribute: false }, words: { attribute: false } };
  declare countdown: Countdown;
  declare words: string;
  protected override tick_ms = 250;

  protected override render(): TemplateResult {
    const left_ms = this.room.left(this.countdown);
    return html`${left_ms > 0 ? t(this.words, { time: length(left_ms) }) : nothing}`;
  }
}

define("co-phase-clock", PhaseClock);
define("co-turn-time", TurnTime);
define("co-time-left", TimeLeft);
