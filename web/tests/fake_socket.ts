/** A WebSocket whose other end is the test. */
import { vi } from "vitest";
import type { BrowserMessage, ServerMessage } from "../src/wire.gen";

export class FakeSocket {
  static readonly CONNECTING = 0;
  static readonly OPEN = 1;
  static readonly CLOSED = 3;
  /** Every socket that the page has opened in this test, the newest last. */
  static made: FakeSocket[] = [];

  readyState = FakeSocket.CONNECTING;
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  readonly sent: BrowserMessage[] = [];

  constructor(readonly url: URL) {
    FakeSocket.made.push(this);
  }

  /** The newest one. */
  static get last(): FakeSocket {
    const socket = FakeSocket.made.at(-1);
    if (!socket) throw new Error("the page has opened no socket");
    return socket;
  }

  /** Take the place of the browser's, for this test. */
  static install(): void {
    FakeSocket.made = [];
    vi.stubGlobal("WebSocket", FakeSocket);
  }

  // -- the page's side

  send(text: string): void {
    if (this.readyState !== FakeSocket.OPEN) throw new Error("the socket is not open");
    this.sent.push(JSON.parse(text) as BrowserMessage);
  }

  close(): void {
    this.readyState = FakeSocket.CLOSED;
  }

  // -- the server's side

  accepts(): this {
    this.readyState = FakeSocket.OPEN;
    this.onopen?.();
    return this;
  }

  says(message: ServerMessage): this {
    this.onmessage?.({ data: JSON.stringify(message) });
    return this;
  }

  welcomes(build = ""): this {
    return this.accepts().says({
      type: "welcome",
      session: "s",
      seat: "p1",
      seats: ["f", "p1", "p2"],
      behind: false,
      rehearsal: false,
      ice_servers: [],
      build,
    });
  }

  /** It is gone, with this code; 1006 is a network that failed. */
  closes(code = 1006): void {
    this.readyState = FakeSocket.CLOSED;
    this.onclose?.({ code });
  }
}
