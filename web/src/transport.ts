/**
 * The ways to the server: a WebSocket, or server-sent events down and POST up where the network drops `Upgrade`
 * (protocols/wire.md, "Without a WebSocket"). Both carry the same texts; neither knows what they mean.
 */

export type Carrier = "socket" | "events";

export interface Transport {
  readonly carrier: Carrier;
  /** Opened, and not closed. */
  readonly open: boolean;
  send(text: string): void;
  close(): void;
}

/** Called for this transport until `close` is called or `closed` was. */
export interface TransportListener {
  opened(): void;
  text(text: string): void;
  /** With a close code of the wire, or without one. */
  closed(code?: number): void;
}

/** A way that this browser does not have is one that closes. */
export const OPENERS: Record<Carrier, (path: string, listener: TransportListener) => Transport> = {
  socket: (path, listener) => {
    try {
      return new SocketTransport(path, listener);
    } catch {
      setTimeout(() => listener.closed());
      return { carrier: "socket", open: false, send: () => undefined, close: () => undefined };
    }
  },
  events: (path, listener) => new EventTransport(path, listener),
};

class SocketTransport implements Transport {
  readonly carrier = "socket";
  readonly #socket: WebSocket;

  constructor(path: string, listener: TransportListener) {
    const url = new URL(path, location.href);
    url.protocol = url.protocol.replace("http", "ws");
    const socket = new WebSocket(url);
    socket.onopen = () => listener.opened();
    socket.onmessage = (event: MessageEvent<string>) => listener.text(event.data);
    socket.onclose = (event) => listener.closed(event.code);
    this.#socket = socket;
  }

  get open(): boolean {
    return this.#socket.readyState === WebSocket.OPEN;
  }

  send(text: string): void {
    this.#socket.send(text);
  }

  close(): void {
    const socket = this.#socket;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }
}

/** What a refusal's status says, as a close code. */
const CODES: Record<number, number> = { 403: 4401, 404: 4404, 410: 4410, 429: 4429, 503: 1012 };
/** Messages that come together go in one post. */
const GATHER_MS = 20;
/** A post is at most so long; the server takes 64 KiB. */
const POST_CHARACTERS = 15_000;

class EventTransport implements Transport {
  readonly carrier = "events";
  readonly #abort = new AbortController();
  #address = "";
  #posts = 0;
  #waiting: string[] = [];
  #posting = false;
  #over = false;

  constructor(
    private readonly path: string,
    private readonly listener: TransportListener,
  ) {
    void this.#read();
  }

  get open(): boolean {
    return this.#address !== "" && !this.#over;
  }

  send(text: string): void {
    this.#waiting.push(text);
    if (!this.#posting) void this.#post();
  }

  close(): void {
    this.#over = true;
    this.#abort.abort();
  }

  #end(code?: number): void {
    if (this.#over) return;
    this.close();
    this.listener.closed(code);
  }

  /** Read the stream to its end. */
  async #read(): Promise<void> {
    try {
      const answer = await fetch(this.path, {
        headers: { accept: "text/event-stream" },
        cache: "no-store",
        signal: this.#abort.signal,
      });
      if (!answer.ok || !answer.body) {
        this.#end(CODES[answer.status]);
        return;
      }
      const reader = answer.body.getReader();
      const decoder = new TextDecoder();
      let rest = "";
      for (;;) {
        const { value, done } = await reader.read();
        if (done) break;
        const events = (rest + decoder.decode(value, { stream: true })).split("\n\n");
        rest = events.pop() ?? "";
        for (const event of events) this.#take(event);
      }
    } catch {
      // the network is gone, or this page closed the stream
    }
    this.#end();
  }

  #take(event: string): void {
    if (this.#over) return;
    const lines = event.split("\n");
    const field = (name: string) => lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2);
    const data = field("data") ?? "";
    switch (field("event")) {
      case undefined:
        this.listener.text(data);
        break;
      case "connection":
        this.#address = `${this.path}/${data}`;
        this.listener.opened();
        break;
      case "closed":
        this.#end(Number(data));
    }
  }

  /** Post what waits, one post after the other, in the order in which it was sent. */
  async #post(): Promise<void> {
    this.#posting = true;
    await new Promise((done) => setTimeout(done, GATHER_MS));
    while (this.#waiting.length > 0 && !this.#over) {
      let body = this.#waiting.shift() ?? "";
      while (this.#waiting[0] !== undefined && body.length + this.#waiting[0].length < POST_CHARACTERS)
        body += `\n${this.#waiting.shift() ?? ""}`;
      this.#posts += 1;
      const answer = await fetch(`${this.#address}?n=${this.#posts}`, {
        method: "POST",
        headers: { "content-type": "text/plain" },
        body,
        signal: this.#abort.signal,
      }).catch(() => undefined);
      if (!answer?.ok) this.#end();
    }
    this.#posting = false;
  }
}
