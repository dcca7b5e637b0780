/**
 * The one voice for those who do not see the page: phase change, your turn, the last minute, the end, and refusals. Polite,
 * short, never the seconds. Whatever is said at one moment is read in that order, and the same words once more are read once
 * more. Also the title of the tab, which says "your turn" from the corner of an eye.
 */
import { often } from "./moments";
import type { Room } from "./room";
import { sentence } from "./parts/prompt";
import type { Common, HoldCause, Note } from "./wire.gen";
import { t, text, timeOfDay } from "./words";

/** A sentence of the live region. Each is an element of its own: what is added is read, even if it reads like the one before. */
export interface Said {
  readonly id: number;
  readonly words: string;
}

/** A sentence stands so long: a screen reader takes it when it comes, and who reads the page later does not meet it. */
const STANDS_MS = 10_000;

export class Announcer {
  /** What the live region says now, in order. */
  said: readonly Said[] = [];
  #count = 0;
  #phase = "";
  #mine = false;
  #warned = "";
  #status = "";
  #notice = "";
  #done = "";
  /** The private notes that were announced. */
  readonly #noted = new Set<string>();
  #held = "";
  #proposed = false;

  constructor(private readonly room: Room) {
    room.listen(() => this.#hear());
    often(() => this.#clock());
  }

  #hear(): void {
    const { common, own, phase, notice, done, notes } = this.room;
    if (!common || !own) return;
    if (notice && notice !== this.#notice) this.#say(notice);
    this.#notice = notice;
    if (done && done !== this.#done) this.#say(done);
    this.#done = done;
    this.#notes(notes);
    this.#laterEnd(common);
    this.#holds(common.now?.holds ?? []);
    if (common.status === "closed" && this.#status === "running") this.#say(t("say.closed"));
    if (phase && phase.key !== this.#phase)
      this.#say(t("say.phase", { phase: text(phase.title), purpose: text(phase.purpose) }));
    if (own.my_turn && !this.#mine) this.#say(t("say.your_turn"));
    this.#phase = phase?.key ?? "";
    this.#mine = own.my_turn;
    this.#status = common.status;
    this.#title();
  }

  #notes(notes: readonly Note[]): void {
    for (const { id } of notes) {
      if (!this.#noted.has(id)) this.#say(t("say.note"));
      this.#noted.add(id);
    }
  }

  /** A later end was proposed, and what became of it: for everybody, for a moment. */
  #laterEnd(common: Common): void {
    const proposed = common.end_proposal !== null;
    const was = this.#proposed;
    this.#proposed = proposed;
    const time = timeOfDay(this.room.wall(common.ends_at_ms + (common.end_proposal?.by_ms ?? 0)));
    if (proposed && !was) this.#say(t("end.would", { time }));
    if (proposed || !was) return;
    const words = !common.end_refused ? "end.moved" : this.room.own?.leads ? "end.refused_lead" : "end.refused";
    // Who refused has been answered already.
    if (this.room.done !== t("end.refused_by_me")) queueMicrotask(() => this.room.say(t(words, { time })));
  }

  #holds(causes: HoldCause[]): void {
    const held = causes.join();
    if (this.room.own && held !== this.#held && held) this.#say(sentence(this.room, this.room.own.prompt));
    this.#held = held;
  }

  #clock(): void {
    const now = this.room.common?.now;
    if (!now || this.#warned === now.phase) return;
    const left_ms = this.room.left(now.countdown);
    if (left_ms > 60_000 || left_ms < 0) return;
    this.#warned = now.phase;
    if (now.countdown.total_ms <= 90_000) return;
    this.#say(t("say.last_minute"));
    this.room.changed();
  }

  #title(): void {
    const { common, phase } = this.room;
    const where = phase ? text(phase.title) : (common?.title ?? "");
    document.title = this.#mine ? `● ${t("role.your_turn")} – ${where}` : `${where} – cosession`;
  }

  #say(words: string): void {
    const id = (this.#count += 1);
    this.said = [...this.said, { id, words }];
    setTimeout(() => {
      this.said = this.said.filter((one) => one.id !== id);
      this.room.changed();
    }, STANDS_MS);
  }
}
