/**
 * The one voice for those who do not see the page: phase change, your turn, the last minute, the end, and refusals. Polite,
 * short, never the seconds. Also the title of the tab, which says "your turn" from the corner of an eye.
 */
import type { Room } from "./room";
import { t, text } from "./words";

export class Announcer {
  /** What the live region says now. */
  words = "";
  #phase = "";
  #mine = false;
  #warned = "";
  #status = "";
  #notice = "";

  constructor(private readonly room: Room) {
    room.listen(() => this.#hear());
    setInterval(() => this.#clock(), 1000);
  }

  #hear(): void {
    const { common, own, phase, notice } = this.room;
    if (!common || !own) return;
    if (notice && notice !== this.#notice) this.#say(notice);
    this.#notice = notice;
    if (common.status === "closed" && this.#status === "running") this.#say(t("say.closed"));
    if (phase && phase.key !== this.#phase)
      this.#say(t("say.phase", { phase: text(phase.title), purpose: text(phase.purpose) }));
    if (own.my_turn && !this.#mine) this.#say(t("say.your_turn"));
    this.#phase = phase?.key ?? "";
    this.#mine = own.my_turn;
    this.#status = common.status;
    this.#title();
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
    this.words = words;
  }
}
