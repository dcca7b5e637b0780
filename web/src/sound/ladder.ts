/**
 * When sound goes down to the page's own connection, and when up again: pure, time is a number of milliseconds that is handed in.
 *
 * Down after one failure: no peer connection for so long, whatever was tried meanwhile. Up with patience: two good looks ten
 * seconds apart, and a peer connection that comes up while the sound still goes the other way. At most one change in 20 s.
 * A peer connection that breaks is bridged at once: the sound goes by the page while it heals, which is no change yet.
 */

/** Relays have 6 s to carry; the socket is to carry 5 s later at the latest. */
export const DOWN_MS = 8000;
/** So long a broken one may heal before its sound goes by the page: an ICE restart of a good network takes less. */
export const BRIDGE_MS = 600;
export const LOOK_MS = 10_000;
const GOOD_LOOKS = 2;
export const CHANGE_MS = 20_000;
/** So long a peer connection may take to come up beside the socket. */
const RISE_MS = 10_000;

/** `bridged`: the socket carries while the peer connection heals; `rising`: it carries, and a new one is tried beside it. */
export type Step = "peers" | "bridged" | "rising" | "socket";

export class Ladder {
  step: Step = "peers";
  #changed_at = -Infinity;
  #bad_since: number | null = null;
  #good = 0;
  #looked_at = -Infinity;
  #looking = false;
  #rising_at = 0;
  #carried = false;

  /** How the peer connection is now; `hopeless`: there will be none in this browser; `served`: the page hears its server. True
   * if `step` has changed. */
  peers(up: boolean, now: number, hopeless = false, served = true): boolean {
    const before = this.step;
    if (this.step === "rising") this.#beside(up, now);
    else if (this.step !== "socket") this.#below(up, now, hopeless, served);
    return this.step !== before;
  }

  /** Whether the ways of the peer connection are to be looked at now: one look is over before the next, `looked` says so. */
  looks(now: number): boolean {
    if (this.step !== "socket" || this.#looking || now - this.#looked_at < LOOK_MS) return false;
    this.#looked_at = now;
    return (this.#looking = true);
  }

  /** What that look has found. True if `step` has changed. */
  looked(good: boolean, now: number): boolean {
    this.#looking = false;
    if (this.step !== "socket") return false;
    this.#good = good ? this.#good + 1 : 0;
    if (this.#good < GOOD_LOOKS || now - this.#changed_at < CHANGE_MS) return false;
    this.step = "rising";
    this.#rising_at = now;
    this.#good = 0;
    return true;
  }

  #below(up: boolean, now: number, hopeless: boolean, served: boolean): void {
    if (up) {
      this.step = "peers";
      this.#bad_since = null;
      this.#carried = true;
      return;
    }
    this.#bad_since ??= now;
    const bad_ms = now - this.#bad_since;
    const may_change = now - this.#changed_at >= CHANGE_MS;
    if (may_change && (hopeless || bad_ms >= DOWN_MS)) this.#change("socket", now);
    else if (this.#carried && served && bad_ms >= BRIDGE_MS) this.step = "bridged";
  }

  #beside(up: boolean, now: number): void {
    if (up) {
      this.#change("peers", now);
      this.#carried = true;
    } else if (now - this.#rising_at >= RISE_MS) {
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
