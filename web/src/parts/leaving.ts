/** « Je pars à 10 h 50 »: a time of day, and what it changes, before it is said. */
import { html, type TemplateResult } from "lit";
import { live } from "lit/directives/live.js";
import { define, Part } from "../part";
import { list, t, text, timeOfDay } from "../words";
import { icon } from "./icon";

const DAY_MS = 86_400_000;

class Leaving extends Part {
  #time = "";
  #wrong = false;

  protected override render(): TemplateResult {
    const at_ms = this.room.me?.leaves_at_ms;
    if (at_ms != null)
      return html`<div class="gesture-row">
        <p class="told">${icon("clock")}${t("leaving.said", { time: timeOfDay(this.room.wall(at_ms)) })}</p>
        <button
          class="btn small"
          data-gesture="leave_at"
          @click=${() => void this.room.ask({ type: "leave_at", at_ms: null })}
        >
          ${t("leaving.stay")}
        </button>
      </div>`;
    const wanted = this.#wanted();
    return html`<form class="told-lead" @submit=${(event: Event) => void this.#say(event)}>
      <label class="label" for="leaving-at">${t("leaving.at")}</label>
      <div class="with-button">
        <input
          class="input"
          id="leaving-at"
          type="time"
          required
          .value=${live(this.#time)}
          @input=${(event: Event) => this.#choose((event.target as HTMLInputElement).value)}
        />
        <button class="btn" data-gesture="leave_at">${t("leaving.say")}</button>
      </div>
      ${this.#wrong ? html`<span class="missing" role="alert">${t("leaving.wrong", { end: this.#end() })}</span>` : html`<span class="faint">${wanted === null ? t("leaving.what") : this.#changes(wanted)}</span>`}
    </form>`;
  }

  #choose(time: string): void {
    this.#time = time;
    this.#wrong = false;
    this.requestUpdate();
  }

  /** The chosen moment in session time: today's, or tomorrow's if that hour is long past. Null while there is none. */
  #wanted(): number | null {
    const [hours, minutes] = this.#time.split(":").map(Number);
    if (hours === undefined || minutes === undefined || Number.isNaN(hours + minutes)) return null;
    const now = this.room.wall(this.room.now());
    const day = new Date(now);
    day.setHours(hours, minutes, 0, 0);
    const wall = day.getTime() < now - DAY_MS / 2 ? day.getTime() + DAY_MS : day.getTime();
    return this.room.sessionTime(wall);
  }

  #end(): string {
    return timeOfDay(this.room.wall(this.room.common?.ends_at_ms ?? 0));
  }

  /** Which phases begin after it, as things stand; the turn and the learning come before. */
  #changes(at_ms: number): string {
    const { common } = this.room;
    const now = common?.now;
    let begins = now ? this.room.now() + Math.max(0, this.room.left(now.countdown)) : (common?.starts_at_ms ?? 0);
    const missed: string[] = [];
    for (const phase of common?.phases ?? []) {
      if (phase.status !== "coming") continue;
      if (begins >= at_ms) missed.push(text(phase.title));
      begins += phase.allotted_ms;
    }
    const first = t("leaving.before");
    return missed.length > 0 ? `${first} ${t("leaving.misses", { phases: list([...new Set(missed)]) })}` : first;
  }

  async #say(event: Event): Promise<void> {
    event.preventDefault();
    const at_ms = this.#wanted();
    if (at_ms === null) return;
    const answer = await this.room.outbox.ask({ type: "leave_at", at_ms: Math.max(0, at_ms) });
    this.#wrong = !answer.ok;
    this.room.changed();
    this.requestUpdate();
  }
}

define("co-leaving", Leaving);
