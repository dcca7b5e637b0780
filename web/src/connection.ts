/**
 * One transport at a time, for as long as the session lasts: at once after a break, then after up to a second, drawn anew each
 * time (decision 15). A WebSocket first; by events and POST where none leads to a welcome, and back when one opens again
 * (decision 44). Knows messages, not what they mean; what must not be lost waits in the outbox.
 */
import { claim } from "./capabilities";
import { later, look, now_ms, often, type Moment } from "./moments";
import { inThisTab } from "./storage";
import { OPENERS, type Transport, type Carrier } from "./transport";
import type { BrowserMessage, Hello, ServerMessage } from "./wire.gen";

/** `up` only after the server's welcome. The last four do not come back by themselves. */
export type Link = "connecting" | "up" | "lost" | "moved" | "revoked" | "unknown" | "signed_out";

export interface ConnectionListener {
  message(message: ServerMessage): void;
  link(link: Link): void;
  /** What the page says when it introduces itself; the tab and the epoch are filled in here. */
  hello(): Pick<Hello, "place" | "fresh" | "seen" | "build">;
}

const FINAL: Record<number, Link> = { 4401: "signed_out", 4404: "unknown", 4409: "moved", 4410: "revoked" };
/** So many attempts by WebSocket in a row without a welcome, then every other attempt goes by events. */
const IN_VAIN = 2;
/** A page that lived by WebSocket keeps to it for so long: there it is most often the server that is away. */
const AWAY_MS = 15_000;
/** While events carry the wire: how often a WebSocket is tried, and how long after a good look the second one follows. */
const LOOK_MS = 30_000;
const SECOND_LOOK_MS = 10_000;
/** The server pings every second; a socket silent for so long is dead, whatever the browser believes. */
const SILENCE_MS = 5000;
/** It pings every second: heard within so much, it is there now. */
const HEARD_MS = 2500;
const CONNECT_MS = 4000;
/** Close codes from here on, and the one of a server that restarts, come from the server and from no proxy. */
const OWN_CODES = 4000;
const COME_BACK = 1012;
/** Closed because too much came from here: the pause before coming back grows with each time, up to the second figure. */
const TOO_FAST = 4429;
const CALM_MS = [2000, 60_000] as const;

export class Connection {
  #transport: Transport | null = null;
  /** Attempts by WebSocket since the last welcome by one. */
  #in_vain = 0;
  /** When the last connection by WebSocket broke that had been welcomed. */
  #gone_at = -Infinity;
  /** Whether the next attempt goes by events, once sockets were in vain. */
  #by_events = true;
  /** Good looks for a WebSocket in a row, and the timer of the next. */
  #good = 0;
  #look: Moment | undefined;
  #link: Link = "connecting";
  #tries = 0;
  /** How often the server has turned this page away because of too much from here, and when it was last let in. */
  #turned = 0;
  #up_at = 0;
  #heard_at = 0;
  /** The next try; undefined before the first break, and once the page has left for good. */
  #timer: Moment | undefined;

  constructor(
    private readonly paths: Record<Carrier, string>,
    private readonly listener: ConnectionListener,
  ) {
    often(() => this.#watch());
    addEventListener("online", () => this.hurry());
    addEventListener("pageshow", (event) => event.persisted && this.hurry());
    document.addEventListener("resume", () => this.hurry());
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && this.hurry());
  }

  get link(): Link {
    return this.#link;
  }

  /** Connect, or connect anew: the place has changed, or somebody wants the seat back here. */
  open(): void {
    this.#timer?.cancel();
    this.#abandon();
    this.#tries = 0;
    this.#say("connecting");
    this.#connect();
  }

  /** Leave for good. */
  close(): void {
    this.#timer?.cancel();
    this.#abandon();
    this.#say("lost");
    this.#timer = undefined;
  }

  /** Try now rather than in a moment; does nothing while connected, or after one has left. */
  hurry(): void {
    if (this.#link !== "lost" || this.#timer === undefined) return;
    this.#timer.cancel();
    this.#abandon();
    this.#connect();
  }

  /** The server takes no more from here for a moment; the page comes back by itself. */
  get turned_away(): boolean {
    return this.#turned > 0 && this.#link === "lost";
  }

  /** Whether the server was heard a moment ago. */
  get hears(): boolean {
    return this.#link === "up" && now_ms() - this.#heard_at < HEARD_MS;
  }

  /** Send if connected; false if it was not. */
  send(message: BrowserMessage): boolean {
    if (!this.#transport?.open) return false;
    this.#transport.send(JSON.stringify(message));
    return true;
  }

  /** What carries the wire now. */
  get carrier(): Carrier {
    return this.#transport?.carrier ?? "socket";
  }

  #connect(): void {
    const in_vain = this.#in_vain >= IN_VAIN && now_ms() - this.#gone_at >= AWAY_MS;
    const way = in_vain && this.#by_events ? "events" : "socket";
    this.#by_events = way === "socket";
    if (way === "socket") this.#in_vain += 1;
    this.#heard_at = now_ms();
    this.#transport = OPENERS[way](this.paths[way], {
      opened: () => {
        this.#heard_at = now_ms();
        this.send({ type: "hello", tab: tabId(), epoch: nextEpoch(), ...this.listener.hello() });
      },
      text: (text) => this.#take(JSON.parse(text) as ServerMessage),
      closed: (code = 0) => {
        if (code === COME_BACK || code >= OWN_CODES) this.#in_vain = 0; // so the server was reached
        this.#closed(FINAL[code], code === TOO_FAST);
      },
    });
  }

  #take(message: ServerMessage): void {
    this.#heard_at = now_ms();
    look();
    if (message.type === "ping") {
      this.send({ type: "pong", n: message.n });
      return;
    }
    if (message.type === "welcome") {
      this.#tries = 0;
      this.#up_at = now_ms();
      this.#by_events = true;
      if (this.carrier === "socket") this.#in_vain = 0;
      else this.#look_again(LOOK_MS);
      this.#say("up");
    }
    this.listener.message(message);
    if (message.type === "moved" || message.type === "revoked") this.#end(message.type);
  }

  /** While events carry the wire: see whether a WebSocket opens here now, and go back to it after two good looks. */
  #look_again(after_ms: number): void {
    this.#look?.cancel();
    this.#look = later(after_ms, () => {
      const seen = (good: boolean): void => {
        limit.cancel();
        trial.close();
        if (this.carrier === "socket") return;
        this.#good = good ? this.#good + 1 : 0;
        if (this.#good < 2) {
          this.#look_again(good ? SECOND_LOOK_MS : LOOK_MS);
          return;
        }
        this.#good = this.#in_vain = 0;
        this.#abandon();
        this.#connect();
      };
      const limit = later(CONNECT_MS, () => seen(false));
      const trial = OPENERS.socket(this.paths.socket, {
        // An answer must come, even if it is a refusal: some proxies let a socket open and swallow what it carries.
        opened: () => trial.send('{"type":"clock_ping","sent_ms":0}'),
        text: () => seen(true),
        closed: () => seen(false),
      });
    });
  }

  #closed(final: Link | undefined, too_fast = false): void {
    const was_up = this.#link === "up";
    if (was_up && this.carrier === "socket") this.#gone_at = now_ms();
    this.#abandon();
    if (final) {
      this.#end(final);
      return;
    }
    const [first_ms, longest_ms] = CALM_MS;
    const forgotten = was_up && now_ms() - this.#up_at > longest_ms;
    this.#turned = too_fast ? (forgotten ? 0 : this.#turned) + 1 : 0;
    this.#say("lost");
    const calm_ms = Math.min(first_ms * 2 ** (this.#turned - 1), longest_ms) * (0.75 + Math.random() / 2);
    const wait_ms = too_fast ? calm_ms : this.#tries === 0 ? 0 : Math.random() * 1000;
    this.#tries += 1;
    this.#timer = later(wait_ms, () => this.#connect());
  }

  #end(link: Link): void {
    this.#timer?.cancel();
    this.#abandon();
    this.#say(link);
  }

  #watch(): void {
    if (!this.#transport) return;
    const limit_ms = this.#transport.open ? SILENCE_MS : CONNECT_MS;
    if (now_ms() - this.#heard_at > limit_ms) this.#closed(undefined);
  }

  #abandon(): void {
    this.#look?.cancel();
    this.#transport?.close();
    this.#transport = null;
  }

  #say(link: Link): void {
    if (this.#link === link) return;
    this.#link = link;
    this.listener.link(link);
  }
}

/** A fresh id for a message or a media connection. */
export function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** This tab's, for as long as it lives. */
export function tabId(): string {
  const kept = inThisTab.get("tab");
  if (kept) return kept;
  const made = newId();
  inThisTab.set("tab", made);
  return made;
}

/**
 * Make this tab's id its own. A duplicated tab is born with a copy of the other's, and the two would take the seat from each
 * other for ever; the lock shows it, and the newcomer takes a fresh one. Held for the page's life. A browser that refuses
 * storage refuses locks, too: then no tab can have been born with a copy.
 */
export async function claimTab(): Promise<void> {
  if (await claim(`tab.${tabId()}`)) return;
  inThisTab.remove("tab");
  await claimTab();
}

function nextEpoch(): number {
  const epoch = Number(inThisTab.get("epoch") ?? "0") + 1;
  inThisTab.set("epoch", String(epoch));
  return epoch;
}
