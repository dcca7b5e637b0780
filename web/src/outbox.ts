/**
 * What the page has said and the server has not yet answered. Commands and notes are sent again under the same id after a reconnect
 * until they are answered; drafts wait in memory and in the tab's storage until they are acknowledged. Knows no screen.
 */
import { newId } from "./connection";
import { inThisTab } from "./storage";
import type {
  Ask,
  BrowserMessage,
  DraftHint,
  ErrorCode,
  RefusalCode,
  SaveDraft,
  SeatCommand,
  SendNote,
  ServerMessage,
} from "./wire.gen";

export type Answer = { ok: true } | { ok: false; code: RefusalCode | ErrorCode; detail: string };
export type Fields = Record<string, string>;

/** Something the author may want to know about a field, and the words of theirs that it is about. */
export interface Hint {
  field: string;
  kind: DraftHint["kind"];
  words: string;
}

interface Waiting {
  message: BrowserMessage;
  resolve: (answer: Answer) => void;
}

const RETRY_MS = 700;

export class Outbox {
  #asked = new Map<string, Waiting>();
  /** By capture: the newest text that is not yet acknowledged. */
  #drafts = new Map<string, SaveDraft>();

  /** By capture: the newest text that was acknowledged in this page's life; the view may lag behind it. */
  #acknowledged = new Map<string, Fields>();

  /** By capture: what was said about the newest acknowledged text. */
  #hints = new Map<string, Hint[]>();

  constructor(
    private readonly send: (message: BrowserMessage) => boolean,
    private readonly key: string,
    private readonly changed: () => void,
  ) {
    const kept = inThisTab.get(this.key);
    for (const draft of kept ? (JSON.parse(kept) as SaveDraft[]) : [])
      this.#drafts.set(draft.capture, { ...draft, typing: false });
  }

  /** Ask for something. The promise is kept however often the connection breaks. A text that is handed in takes the place
   * of its draft, which must not come after it. */
  ask(command: SeatCommand): Promise<Answer> {
    if (command.type === "submit_capture" && this.#drafts.delete(command.capture)) this.#keep();
    return this.#wait({ type: "command", id: newId(), command });
  }

  /** Pass a private note. It is kept nowhere else, and sent again until it is answered. */
  note(note: Omit<SendNote, "type" | "id">): Promise<Answer> {
    return this.#wait({ type: "send_note", id: newId(), ...note });
  }

  #wait(message: Ask | SendNote): Promise<Answer> {
    return new Promise((resolve) => {
      this.#asked.set(message.id, { message, resolve });
      this.send(message);
    });
  }

  /** Keep the text so far, and send it. Empty `fields` delete it. A newer text replaces one that still waits. `typing`: its author
   * is still at it. */
  draft(capture: string, fields: Fields, typing = false): void {
    this.send(this.hold(capture, fields, typing));
  }

  /** The same, without sending it yet: it goes out with the next draft or the next welcome. */
  hold(capture: string, fields: Fields, typing: boolean): SaveDraft {
    const message: SaveDraft = { type: "draft", id: newId(), capture, fields, typing };
    this.#drafts.set(capture, message);
    this.#keep();
    return message;
  }

  /** The text became a capture, or somebody else's affair: it is not what one goes on from. */
  forget(capture: string): void {
    this.#acknowledged.delete(capture);
    this.#hints.delete(capture);
  }

  /** The text that waits for its acknowledgement, if any. */
  unsaved(capture: string): Fields | undefined {
    return this.#drafts.get(capture)?.fields;
  }

  /** The text that the server is known to have; undefined if this page has sent none. */
  saved(capture: string): Fields | undefined {
    return this.#acknowledged.get(capture);
  }

  /** What the server would tell the author about that text. */
  hints(capture: string): Hint[] {
    return this.#hints.get(capture) ?? [];
  }

  /** Everything that was said here is answered. */
  get empty(): boolean {
    return this.#asked.size === 0 && this.#drafts.size === 0;
  }

  /** After a welcome: everything unanswered once more, in the order in which it was said. */
  resend(): void {
    for (const { message } of this.#asked.values()) this.send(message);
    for (const draft of this.#drafts.values()) this.send(draft);
  }

  /** True if the message answered something that waited here. */
  answered(message: ServerMessage): boolean {
    switch (message.type) {
      case "accepted":
      case "note_sent":
        return this.#resolve(message.id, { ok: true });
      case "refused":
        return (
          this.#resolve(message.id, { ok: false, code: message.code, detail: message.detail }) ||
          this.#saved(message.id)
        );
      case "draft_saved":
        return this.#saved(message.id, message.hints);
      case "error":
        return message.id != null && this.#failed(message.id, message.code, message.place, message.retry);
      default:
        return false;
    }
  }

  #failed(id: string, code: ErrorCode, place: string, retry: boolean): boolean {
    const waiting = this.#asked.get(id)?.message ?? [...this.#drafts.values()].find((draft) => draft.id === id);
    if (!waiting) return false;
    if (retry) setTimeout(() => this.#waits(id) && this.send(waiting), RETRY_MS * (0.5 + Math.random()));
    else if (!this.#saved(id)) this.#resolve(id, { ok: false, code, detail: place });
    return true;
  }

  #waits(id: string): boolean {
    return this.#asked.has(id) || [...this.#drafts.values()].some((draft) => draft.id === id);
  }

  #resolve(id: string, answer: Answer): boolean {
    const waiting = this.#asked.get(id);
    this.#asked.delete(id);
    waiting?.resolve(answer);
    return waiting !== undefined;
  }

  #saved(id: string, hints: readonly DraftHint[] = []): boolean {
    for (const [capture, draft] of this.#drafts) {
      if (draft.id !== id) continue;
      this.#drafts.delete(capture);
      this.#acknowledged.set(capture, draft.fields);
      this.#hints.set(
        capture,
        hints.map(({ field, kind, start, end }) => {
          const characters = Array.from(draft.fields[field] ?? ""); // code points, as the server counts
          return { field, kind, words: characters.slice(start, end).join("") };
        }),
      );
      this.#keep();
      this.changed();
      return true;
    }
    return false;
  }

  #keep(): void {
    inThisTab.set(this.key, JSON.stringify([...this.#drafts.values()]));
  }
}
