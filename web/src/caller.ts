/**
 * My turn, for somebody who looks at another window: the tab's icon, one soft sound, and a notification for who asked for it.
 * Who sees the page is told there (`announcer.ts` has the title and what is read aloud).
 */
import { ringOnce } from "./bells";
import { mayNotify, notify } from "./capabilities";
import type { Room } from "./room";
import { forGood } from "./storage";
import icon from "./turn.svg?url";
import { t, text } from "./words";

const KEY = "notify";

/** Whether this person asked to be notified of their turn. */
export function notifies(): boolean {
  return forGood.get(KEY) === "on" && mayNotify();
}

/** After a click: the browser asks, where it has not yet. False if it refuses. */
export async function setNotifying(on: boolean): Promise<boolean> {
  forGood.set(KEY, on ? "on" : "off");
  if (!on || mayNotify()) return true;
  try {
    return (await Notification.requestPermission()) === "granted";
  } catch {
    return false;
  }
}

export class Caller {
  #mine = false;
  #notification: Notification | null = null;
  readonly #link = document.querySelector<HTMLLinkElement>("link[rel=icon]");
  readonly #usual = this.#link?.href;

  constructor(private readonly room: Room) {
    room.listen(() => this.#follow());
    document.addEventListener("visibilitychange", () => this.#seen());
  }

  #follow(): void {
    const mine = this.room.own?.my_turn ?? false;
    if (mine === this.#mine) return;
    this.#mine = mine;
    if (this.#link) this.#link.href = mine ? icon : (this.#usual ?? icon);
    if (!mine) this.#put_away();
    else if (document.visibilityState === "hidden") this.#call();
  }

  #call(): void {
    ringOnce();
    const { phase } = this.room;
    if (notifies()) this.#notification = notify(t("say.your_turn"), phase ? text(phase.title) : "");
  }

  #seen(): void {
    if (document.visibilityState === "visible") this.#put_away();
  }

  #put_away(): void {
    this.#notification?.close();
    this.#notification = null;
  }
}
