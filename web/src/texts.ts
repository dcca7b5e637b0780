/**
 * Texts in the making: whatever a person writes in the room, until it is handed in, sent or given up. The one owner of
 * characters that nobody has yet, of when they go out as a draft, and of whether somebody is still at it. Every field stands in
 * an element with `data-text`, its name here: a capture's id, or what it is else (`typed_turn`, `note_p2`). Knows no screen.
 */
import type { Fields, Outbox } from "./outbox";
import { inThisTab } from "./storage";

/** A text is being written until so long after the last keystroke. */
const STOPPED_MS = 2000;
/** While it is, its draft goes out so often. */
const SAVE_MS = 500;

interface Draft {
  fields: Fields;
  /** When it goes out next. */
  timer: number | undefined;
}

export class Texts {
  readonly #drafts = new Map<string, Draft>();
  readonly #stops = new Map<string, number>();
  /** What is no capture and was not sent, by name. */
  #kept: Record<string, string>;
  /** The text in which an input method is composing. */
  #composing: string | null = null;

  constructor(
    private readonly outbox: Outbox,
    private readonly key: string,
    private readonly changed: () => void,
  ) {
    this.#kept = JSON.parse(inThisTab.get(key) ?? "{}") as Record<string, string>;
    document.addEventListener("compositionstart", (event) => (this.#composing = nameOf(event.target)));
    document.addEventListener("compositionend", () => (this.#composing = null));
    document.addEventListener("focusout", () => setTimeout(changed)); // what only stood for its caret goes with it
    addEventListener("pagehide", () => [...this.#drafts.keys()].forEach((capture) => this.#save(capture, true)));
  }

  /** A keystroke in the form of a capture: `fields` is all of it. Kept in this tab at once, at the server soon. */
  type(capture: string, fields: Fields): void {
    const before = this.#drafts.get(capture);
    this.#drafts.set(capture, { fields, timer: before?.timer });
    this.outbox.hold(capture, fields, true);
    if (before?.timer === undefined) this.#save(capture, true);
    this.#typed(capture);
  }

  /** A keystroke in a text that is no capture. */
  keep(name: string, text: string): void {
    this.#kept[name] = text;
    this.#store();
    this.#typed(name);
  }

  /** What was typed under this name and not sent. */
  kept(name: string): string | undefined {
    return this.#kept[name];
  }

  /** It was handed in, sent or given up. */
  done(name: string): void {
    clearTimeout(this.#drafts.get(name)?.timer);
    clearTimeout(this.#stops.get(name));
    this.#drafts.delete(name);
    this.#stops.delete(name);
    delete this.#kept[name];
    this.#store();
  }

  /** Whether somebody is at it: a key was pressed a moment ago, or an input method is open. */
  writing(name: string): boolean {
    return this.#stops.has(name) || this.#composing === name;
  }

  /** Whether the caret is in it. */
  at(name: string): boolean {
    return nameOf(document.activeElement) === name;
  }

  /** Whether anything is being written, or has the caret and is kept nowhere else. */
  get unfinished(): boolean {
    const name = nameOf(document.activeElement);
    return (
      this.#stops.size > 0 || this.#composing !== null || (name !== null && (this.#kept[name] ?? "").trim() !== "")
    );
  }

  #typed(name: string): void {
    clearTimeout(this.#stops.get(name));
    this.#stops.set(
      name,
      window.setTimeout(() => this.#stopped(name), STOPPED_MS),
    );
    this.changed();
  }

  #stopped(name: string): void {
    if (this.#composing === name) {
      this.#typed(name);
      return;
    }
    this.#stops.delete(name);
    if (this.#drafts.has(name)) this.#save(name, false);
    this.changed();
  }

  /** Send the draft as it stands; while it is being written, look again soon. */
  #save(capture: string, typing: boolean): void {
    const draft = this.#drafts.get(capture);
    if (!draft) return;
    clearTimeout(draft.timer);
    this.outbox.draft(capture, draft.fields, typing);
    if (!typing) {
      this.#drafts.delete(capture);
      return;
    }
    draft.timer = window.setTimeout(() => {
      draft.timer = undefined;
      const newest = this.#drafts.get(capture);
      if (newest && newest.fields !== draft.fields) {
        newest.timer = undefined;
        this.#save(capture, true);
      } else if (newest) newest.timer = undefined;
    }, SAVE_MS);
  }

  #store(): void {
    inThisTab.set(this.key, JSON.stringify(this.#kept));
  }
}

function nameOf(place: EventTarget | null): string | null {
  return place instanceof Element ? (place.closest<HTMLElement>("[data-text]")?.dataset["text"] ?? null) : null;
}
