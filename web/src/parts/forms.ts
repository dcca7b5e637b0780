/**
 * All that one may write, in one place of the page that no change of phase or arrangement takes away. A text with the caret in it,
 * or with a keystroke of a moment ago, stays where it is and says what becomes of it; nothing moves it while somebody is at it.
 */
import { define } from "../part";
import type { Room } from "../room";
import type { Writable } from "../wire.gen";
import "./capture_form";
import type { CaptureForm, Fate } from "./capture_form";
import { readable } from "./written";

class Forms extends HTMLElement {
  room!: Room;
  #only_late = false;
  readonly #forms = new Map<string, CaptureForm>();
  #silent: (() => void) | undefined;

  connectedCallback(): void {
    this.#silent = this.room.listen(() => this.#draw());
    this.#draw();
  }

  /** Only what was being written when its time was over: after the close nothing else belongs here. */
  set only_late(only: boolean) {
    if (this.#only_late === only) return;
    this.#only_late = only;
    if (this.isConnected) this.#draw();
  }

  disconnectedCallback(): void {
    this.#silent?.();
  }

  #draw(): void {
    const { own, texts } = this.room;
    if (!own) return;
    const offered = own.writable.filter((one) => one.closes !== null || !this.#only_late);
    const left: Writable[] = [];
    for (const [id, form] of this.#forms) {
      if (offered.some((one) => one.spec.id === id)) continue;
      if (texts.at(id) || texts.writing(id)) left.push({ ...form.writable, closes: null });
      else this.#drop(id, form);
    }
    this.#stand([
      ...left.map((one) => this.#form(one, this.#fate(one))),
      ...offered.map((one) => this.#form(one, one.closes ? "open" : "")),
    ]);
  }

  #form(writable: Writable, fate: Fate): CaptureForm {
    const known = this.#forms.get(writable.spec.id);
    const form = known ?? document.createElement("co-capture-form");
    this.#forms.set(writable.spec.id, form);
    Object.assign(form, { room: this.room, writable, fate });
    return form;
  }

  /** What becomes of a text that may not be written any more. One that was left open is closed for good. */
  #fate({ spec }: Writable): Fate {
    const form = this.#forms.get(spec.id);
    if (this.room.held("care") || this.room.held("suspended")) return "hold";
    if (form?.fate === "open" || form?.fate === "closed") return "closed";
    const words = JSON.stringify(form?.fields);
    const mine = readable(this.room).filter((one) => one.capture === spec.id && this.room.isMe(one.seat));
    return mine.some((one) => same(one.fields, words)) ? "sent" : "kept";
  }

  #drop(id: string, form: CaptureForm): void {
    this.#forms.delete(id);
    this.room.outbox.forget(id);
    form.remove();
  }

  /** Put them into this order without moving the one that has the focus: to move it would take its caret. */
  #stand(forms: CaptureForm[]): void {
    forms.forEach((_, n) => {
      const at = forms.length - 1 - n;
      const [form, next] = [forms[at], forms[at + 1] ?? null];
      if (!form || (form.isConnected && (form.nextElementSibling === next || form.contains(document.activeElement))))
        return;
      this.insertBefore(form, next);
    });
  }
}

function same(fields: Record<string, string>, words: string): boolean {
  const trimmed = (one: object): string =>
    JSON.stringify(
      Object.entries(one as Record<string, string>)
        .map(([name, value]) => [name, value.trim()])
        .sort(),
    );
  return trimmed(fields) === trimmed(JSON.parse(words) as object);
}

define("co-forms", Forms);
