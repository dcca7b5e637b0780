/**
 * Soft bells where the script has them: at a phase's start, shortly before its end, at its end. Never before the page was
 * touched, never in a pause, and off for whoever does not want them; people who asked for less motion hear none at first.
 */
import { canSound, lessMotion, soundContext, touched } from "./capabilities";
import type { Room } from "./room";
import { forGood } from "./storage";
import type { Bell } from "./wire.gen";

const KEY = "bells";
/** A bowl: a note and its fifth, soft and short. */
const NOTE_HZ: Record<Bell, number> = { start: 392, warning: 523.25, end: 349.23 };
const LOUD = 0.06;
const RINGS_S = 1.6;

export function ringing(): boolean {
  const chosen = forGood.get(KEY);
  if (chosen !== null) return chosen === "on";
  return !lessMotion();
}

export function setRinging(on: boolean): void {
  forGood.set(KEY, on ? "on" : "off");
}

export class Bells {
  #phase = "";
  #bells: Bell[] = [];
  #rung = new Set<Bell>();
  #context: AudioContext | null = null;

  constructor(private readonly room: Room) {
    room.listen(() => this.#follow());
    setInterval(() => this.#watch(), 250);
  }

  #follow(): void {
    const { common } = this.room;
    const phase = common?.now?.phase ?? "";
    if (!common || phase === this.#phase) return;
    const first = this.#phase === ""; // one comes in, or comes back: nothing begins at this moment
    if (!first) this.#ring("end");
    this.#phase = phase;
    this.#bells = common.now?.bells ?? [];
    this.#rung.clear();
    const left_ms = common.now ? this.room.left(common.now.countdown) : 0;
    if (common.now && left_ms <= common.now.warn_ms) this.#rung.add("warning");
    if (left_ms <= 0) this.#rung.add("end");
    if (!first) this.#ring("start");
  }

  #watch(): void {
    const now = this.room.common?.now;
    if (!now || now.phase !== this.#phase || !now.countdown.running) return;
    const left_ms = this.room.left(now.countdown);
    if (left_ms <= now.warn_ms) this.#ring("warning");
    if (left_ms <= 0) this.#ring("end");
  }

  /** Once for each moment of a phase. */
  #ring(bell: Bell): void {
    if (!this.#bells.includes(bell) || this.#rung.has(bell)) return;
    this.#rung.add(bell);
    if (!ringing() || !canSound() || this.room.place !== "room" || this.room.common?.now?.holds.length) return;
    if (!touched()) return;
    this.#context ??= soundContext();
    if (!this.#context) return;
    void this.#context.resume().catch(() => undefined);
    sound(this.#context, NOTE_HZ[bell]);
  }
}

/** One soft sound now, for who did not put bells off. */
export function ringOnce(): void {
  if (forGood.get(KEY) === "off" || !touched()) return;
  const context = soundContext();
  if (!context) return;
  void context.resume().catch(() => undefined);
  sound(context, NOTE_HZ.warning);
  setTimeout(() => void context.close().catch(() => undefined), RINGS_S * 1000 + 500);
}

function sound(context: AudioContext, note_hz: number): void {
  const at = context.currentTime + 0.02;
  const gain = context.createGain();
  gain.connect(context.destination);
  gain.gain.setValueAtTime(0, at);
  gain.gain.linearRampToValueAtTime(LOUD, at + 0.04);
  gain.gain.exponentialRampToValueAtTime(0.0001, at + RINGS_S);
  for (const [frequency_hz, share] of [
    [note_hz, 1],
    [note_hz * 1.5, 0.35],
  ] as const) {
    const oscillator = context.createOscillator();
    const own = context.createGain();
    own.gain.value = share;
    oscillator.frequency.value = frequency_hz;
    oscillator.connect(own).connect(gain);
    oscillator.start(at);
    oscillator.stop(at + RINGS_S);
  }
}
