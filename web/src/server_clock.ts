/**
 * An estimate of the server's clock from pings: the median offset after dropping the slowest quarter, approached by slewing,
 * never by a jump (architecture.md, "Time"). A new connection may be to a new process with another clock: it starts anew.
 */
import type { ClockAnchor, ClockPong } from "./wire.gen";

interface Sample {
  offset_ms: number;
  round_trip_ms: number;
}

const KEPT = 12;
/** How much faster or slower than real time the clock may run while it approaches its target. */
const SLEW = 0.05;

export class ServerClock {
  #samples: Sample[] = [];
  #offset_ms = 0;
  #target_ms = 0;
  #read_at = 0;

  constructor(private readonly local: () => number = () => performance.now()) {}

  /** Forget the samples; the next ones may set the clock at once. */
  restart(): void {
    this.#samples = [];
  }

  /** Take a view's anchor as a first guess while there is no ping yet: late by the way of one message, no more. */
  guess(anchor: ClockAnchor): void {
    if (this.#samples.length === 0) this.#set(anchor.server_ms - this.local());
  }

  pong({ sent_ms, server_ms }: ClockPong): void {
    const now = this.local();
    const round_trip_ms = Math.max(0, now - sent_ms);
    this.#samples = [...this.#samples, { round_trip_ms, offset_ms: server_ms + round_trip_ms / 2 - now }].slice(-KEPT);
    const quick = [...this.#samples]
      .sort((a, b) => a.round_trip_ms - b.round_trip_ms)
      .slice(0, Math.ceil(this.#samples.length * 0.75))
      .map((sample) => sample.offset_ms)
      .sort((a, b) => a - b);
    const median = quick[Math.floor(quick.length / 2)] ?? this.#target_ms;
    if (this.#samples.length <= 8) this.#set(median);
    else this.#target_ms = median;
  }

  /** The server's clock now, in milliseconds. */
  now(): number {
    const local = this.local();
    const most = Math.max(0, local - this.#read_at) * SLEW;
    this.#read_at = local;
    this.#offset_ms += Math.min(most, Math.max(-most, this.#target_ms - this.#offset_ms));
    return local + this.#offset_ms;
  }

  #set(offset_ms: number): void {
    this.#offset_ms = this.#target_ms = offset_ms;
    this.#read_at = this.local();
  }
}
