/**
 * The screen stays awake while one is in the room. Browsers let go of it whenever the page is hidden, the battery is low or they
 * see fit, and some give it only after a click: so it is asked for again after each of these.
 */
import { wakeLock } from "./capabilities";

export class Awake {
  #lock: WakeLockSentinel | null = null;
  #asking = false;

  /** `wanted`: whether the screen should stay awake now. */
  constructor(private readonly wanted: () => boolean) {
    document.addEventListener("visibilitychange", () => void this.ask());
    document.addEventListener("click", () => void this.ask());
  }

  /** Ask if there is need and none is held. May be repeated. */
  async ask(): Promise<void> {
    if (!this.wanted()) {
      void this.#lock?.release().catch(() => undefined);
      return;
    }
    if (this.#lock || this.#asking || document.visibilityState !== "visible") return;
    this.#asking = true;
    const lock = await wakeLock();
    this.#asking = false;
    this.#lock = lock;
    lock?.addEventListener("release", () => {
      this.#lock = null;
      void this.ask();
    });
  }
}
