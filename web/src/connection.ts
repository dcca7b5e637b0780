/**
 * One socket at a time, for as long as the session lasts: at once after a break, then after up to a second, drawn anew each
 * time (decision 15). Knows messages, not what they mean; what must not be lost waits in the outbox.
 */
import type { BrowserMessage, Hello, ServerMessage } from "./wire.gen";

/** `up` only after the server's welcome. The last four do not come back by themselves. */
export type Link = "connecting" | "up" | "lost" | "moved" | "revoked" | "unknown" | "signed_out";

export interface ConnectionListener {
  message(message: ServerMessage): void;
  link(link: Link): void;
  /** What the page says when it introduces itself; the tab and the epoch are filled in here. */
  hello(): Pick<Hello, "place" | "fresh" | "seen">;
}

const FINAL: Record<number, Link> = { 4401: "signed_out", 4404: "unknown", 4409: "moved", 4410: "revoked" };
/** The server pings every second; a socket silent for so long is dead, whatever the browser believes. */
const SILENCE_MS = 5000;
/** It pings every second: heard within so much, it is there now. */
const HEARD_MS = 2500;
const CONNECT_MS = 4000;
/** Closed because too much came from here: the pause before coming back grows with each time, up to the second figure. */
const TOO_FAST = 4429;
const CALM_MS = [2000, 60_000] as const;

export class Connection {
  #socket: WebSocket | null = null;
  #link: Link = "connecting";
  #tries = 0;
  /** How often the server has turned this page away because of too much from here, and when it was last let in. */
  #turned = 0;
  #up_at = 0;
  #heard_at = 0;
  #timer: number | undefined;

  constructor(
    private readonly path: string,
    private readonly listener: ConnectionListener,
  ) {
    setInterval(() => this.#watch(), 1000);
    addEventListener("online", () => this.hurry());
    addEventListener("pageshow", (event) => event.persisted && this.hurry());
  }

  get link(): Link {
    return this.#link;
  }

  /** Connect, or connect anew: the place has changed, or somebody wants the seat back here. */
  open(): void {
    clearTimeout(this.#timer);
    this.#abandon();
    this.#tries = 0;
    this.#say("connecting");
    this.#connect();
  }

  /** Leave for good. */
  close(): void {
    clearTimeout(this.#timer);
    this.#abandon();
    this.#say("lost");
    this.#timer = undefined;
  }

  /** Try now rather than in a moment; does nothing while connected. */
  hurry(): void {
    if (this.#link !== "lost") return;
    clearTimeout(this.#timer);
    this.#abandon();
    this.#connect();
  }

  /** The server takes no more from here for a moment; the page comes back by itself. */
  get turned_away(): boolean {
    return this.#turned > 0 && this.#link === "lost";
  }

  /** Whether the server was heard a moment ago. */
  get hears(): boolean {
    return this.#link === "up" && performance.now() - this.#heard_at < HEARD_MS;
  }

  /** Send if connected; false if it was not. */
  send(message: BrowserMessage): boolean {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify(message));
    return true;
  }

  #connect(): void {
    const url = new URL(this.path, location.href);
    url.protocol = url.protocol.replace("http", "ws");
    const socket = new WebSocket(url);
    this.#socket = socket;
    this.#heard_at = performance.now();
    socket.onopen = () => {
      this.#heard_at = performance.now();
      this.send({ type: "hello", tab: tabId(), epoch: nextEpoch(), ...this.listener.hello() });
    };
    socket.onmessage = (event: MessageEvent<string>) => {
      this.#heard_at = performance.now();
      const message = JSON.parse(event.data) as ServerMessage;
      if (message.type === "ping") {
        this.send({ type: "pong", n: message.n });
        return;
      }
      if (message.type === "welcome") {
        this.#tries = 0;
        this.#up_at = performance.now();
        this.#say("up");
      }
      this.listener.message(message);
      if (message.type === "moved" || message.type === "revoked") this.#end(message.type);
    };
    socket.onclose = (event) => this.#closed(FINAL[event.code], event.code === TOO_FAST);
  }

  #closed(final: Link | undefined, too_fast = false): void {
    const was_up = this.#link === "up";
    this.#abandon();
    if (final) {
      this.#end(final);
      return;
    }
    const [first_ms, longest_ms] = CALM_MS;
    const forgotten = was_up && performance.now() - this.#up_at > longest_ms;
    this.#turned = too_fast ? (forgotten ? 0 : this.#turned) + 1 : 0;
    this.#say("lost");
    const calm_ms = Math.min(first_ms * 2 ** (this.#turned - 1), longest_ms) * (0.75 + Math.random() / 2);
    const wait_ms = too_fast ? calm_ms : this.#tries === 0 ? 0 : Math.random() * 1000;
    this.#tries += 1;
    this.#timer = window.setTimeout(() => this.#connect(), wait_ms);
  }

  #end(link: Link): void {
    clearTimeout(this.#timer);
    this.#abandon();
    this.#say(link);
  }

  #watch(): void {
    const socket = this.#socket;
    if (!socket) return;
    const limit_ms = socket.readyState === WebSocket.CONNECTING ? CONNECT_MS : SILENCE_MS;
    if (performance.now() - this.#heard_at > limit_ms) this.#closed(undefined);
  }

  #abandon(): void {
    const socket = this.#socket;
    this.#socket = null;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
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

function tabId(): string {
  const kept = sessionStorage.getItem("tab");
  if (kept) return kept;
  const made = newId();
  sessionStorage.setItem("tab", made);
  return made;
}

/**
 * Make this tab's id its own. A duplicated tab is born with a copy of the other's, and the two would take the seat from each
 * other for ever; the lock shows it, and the newcomer takes a fresh one. Held for the page's life.
 */
export async function claimTab(): Promise<void> {
  if (!("locks" in navigator)) return;
  await new Promise<void>((claimed) => {
    void navigator.locks.request(`tab.${tabId()}`, { ifAvailable: true }, (lock) => {
      if (lock === null) sessionStorage.removeItem("tab");
      claimed();
      return lock === null ? undefined : new Promise(() => undefined);
    });
  });
  if (sessionStorage.getItem("tab") === null) await claimTab();
}

function nextEpoch(): number {
  const epoch = Number(sessionStorage.getItem("epoch") ?? "0") + 1;
  sessionStorage.setItem("epoch", String(epoch));
  return epoch;
}
