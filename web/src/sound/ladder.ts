/**
 * When sound goes down to the page's own connection, and when up again: pure, time is a number of milliseconds that is handed in.
 *
 * Down after one failure: no peer connection for so long, whatever was tried meanwhile. Up with patience: two good looks ten
 * seconds apart, and a peer connection that comes up while the sound still goes the other way. At most one change in 20 s.
 */

/** Relays have 6 s to carry; the socket is to carry 5 s later at the latest. */
export const DOWN_MS = 8000;
export const LOOK_MS = 10_000;
const GOOD_LOOKS = 2;
export const CHANGE_MS = 20_000;
/** So long a peer connection may take to come up beside the socket. */
const RISE_MS = 10_000;

/** `rising`: the socket carries, and a peer connection is tried beside it. */
export type Step = "peers" | "rising" | "socket";

export class Ladder {
  step: Step = "peers";
  #changed_at = -Infinity;
  #bad_since: number | null = null;
  #good = 0;
  #looked_at = -Infinity;
  #rising_at = 0;

  /** How the peer connection is now; `hopeless`: there will be none in this browser. True if `step` has changed. */
  peers(up: boolean, now: number, hopeless = false): boolean {
    const before = this.step;
    if (this.step === "peers") this.#below(up, now, hopeless);
    else if (this.step === "rising") this.#beside(up, now);
    return this.step !== before;
  }

  /** Whether the ways of the peer connection are to be looked at now. */
  looks(now: number): boolean {
    if (this.step !== "socket" || now - this.#looked_at < LOOK_MS) return false;
    this.#looked_at = now;
    return true;
  }

  /** What that look has found. True if `step` has changed. */
  looked(good: boolean, now: number): boolean {
    if (this.step !== "socket") return false;
    this.#good = good ? this.#good + 1 : 0;
    if (this.#good < GOOD_LOOKS || now - this.#changed_at < CHANGE_MS) return false;
    this.step = "rising";
    this.#rising_at = now;
    this.#good = 0;
    return true;
  }

  #below(up: boolean, now: number, hopeless: boolean): void {
    this.#bad_since = up ? null : (this.#bad_since ?? now);
    if (this.#bad_since === null || now - this.#changed_at < CHANGE_MS) return;
    if (hopeless || now - this.#bad_since >= DOWN_MS) this.#change("socket", now);
  }

  #beside(up: boolean, now: number): void {
    if (up) this.#change("peers", now);
    else if (now - this.#rising_at >= RISE_MS) {
      this.step = "socket"; // the sound never went another way
      this.#looked_at = now;
    }
  }

  #change(step: Step, now: number): void {
    this.step = step;
    this.#changed_at = now;
    this.#bad_since = null;
    this.#good = 0;
    this.#looked_at = now;
  }
}
