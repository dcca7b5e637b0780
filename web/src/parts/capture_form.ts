/**
 * Something to write: it saves itself as a draft while one types, and says where it stands and who will see it. What is
 * one's own alone needs no button; the rest is handed in with one.
 */
import { html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { live } from "lit/directives/live.js";
import { define, Part } from "../part";
import type { Fields, Hint } from "../outbox";
import type { CaptureField, CaptureSpec, Writable } from "../wire.gen";
import { length, quote, t, text } from "../words";
import { icon } from "./icon";
import { free } from "./role_card";

/** What becomes of a text that may not simply be written: see `text.*` in the words. */
export type Fate = "" | "open" | "hold" | "sent" | "kept" | "closed";

export class CaptureForm extends Part {
  static override properties = { ...Part.properties, writable: { attribute: false }, fate: { attribute: false } };
  declare writable: Writable;
  declare fate: Fate;
  #fields: Fields | null = null;
  #version = 0;
  #missing = "";
  #sending = false;
  /** Whether the focus was in it before it was drawn: the button that handed it in is gone afterwards. */
  #focused = false;
  /** Words about which the author does not want to hear again. */
  #dismissed = new Set<string>();
  #timer: number | undefined;
  #ticking: number | undefined;

  override disconnectedCallback(): void {
    clearTimeout(this.#timer);
    clearInterval(this.#ticking);
    super.disconnectedCallback();
  }

  /** What stands in the form. */
  get fields(): Fields {
    return filled(this.#fields ?? {});
  }

  protected override willUpdate(_changed: PropertyValues): void {
    this.#focused = this.room.texts.at(this.writable.spec.id);
    const { spec, draft, fields, version } = this.writable;
    const moved = version !== this.#version && !this.room.texts.writing(spec.id) && !this.fate;
    if (this.#fields !== null && !moved) return;
    const kept = this.room.outbox.unsaved(spec.id) ?? this.room.outbox.saved(spec.id);
    this.#version = version;
    this.#fields = { ...(spec.many ? {} : fields), ...(Object.keys(draft).length > 0 ? draft : {}), ...kept };
  }

  protected override render(): TemplateResult {
    const { spec } = this.writable;
    if (spec.fields.length === 1 && spec.fields[0]?.options.length === 1) return this.#yes(spec);
    const id = `write-${spec.id}`;
    const seen = this.#seenBy(spec, this.writable.submitted);
    return html`<form
      class="write"
      data-capture=${spec.id}
      data-text=${spec.id}
      data-fate=${this.fate || nothing}
      aria-labelledby="${id}-h"
      novalidate
      @submit=${(event: Event) => this.#submit(event)}
    >
      <header>
        <h3 id="${id}-h">${text(spec.title)}</h3>
        ${this.fate ? nothing : html`<span class="pill">${icon(seen.startsWith("seen.everyone") ? "group" : "lock")}${t(seen)}</span>`}
      </header>
      ${this.#become()}
      <div class="fields">
        ${spec.fields.filter((field) => !(free(this.room) && field.id === "kind" && !field.required)).map((field) => this.#field(field))}
      </div>
      ${this.#missing ? html`<p class="missing" role="alert">${t("write.missing", { field: this.#missing })}</p>` : nothing}
      <footer>
        ${this.#button(spec)}
        ${this.writable.left === null ? nothing : html`<span class="faint">${t("write.left", { count: this.writable.left })}</span>`}
        <span class="faint" aria-live="off">${this.fate && this.fate !== "open" ? nothing : this.#standing()}</span>
      </footer>
    </form>`;
  }

  #button(spec: CaptureSpec): TemplateResult | typeof nothing {
    if (this.fate === "open")
      return html`<button class="btn small primary" data-gesture="hand_in">${t("text.hand_in")}</button>`;
    return alone(spec) || this.fate ? nothing : html`<button class="btn small">${t(this.#words())}</button>`;
  }

  /** Where its time is over, or stands still: what becomes of the text, before anything else in the form. */
  #become(): TemplateResult {
    const left_s = Math.max(0, Math.ceil(this.#left_ms() / 1000));
    const empty = Object.keys(this.fields).length === 0 && this.fate !== "hold";
    return html`<div class="fate" tabindex="-1">
      <p role="status">${this.fate ? t(`text.${empty ? "empty" : this.fate}`) : nothing}</p>
      ${this.fate === "open" ? html`<b>${t("text.left", { time: length(left_s * 1000) })}</b>` : nothing}
    </div>`;
  }

  /** What a text whose time is over still has, in real time. */
  #left_ms(): number {
    const { closes } = this.writable;
    return closes ? this.room.left(closes) / (this.room.common?.speed ?? 1) : 0;
  }

  /** At the end of that time the page hands in what stands here, to the last character. */
  protected override updated(): void {
    clearTimeout(this.#timer);
    if (this.fate === "open" && !this.#sending)
      this.#timer = window.setTimeout(() => this.#submit(), Math.max(0, this.#left_ms()));
    if (this.fate === "open") this.#ticking ??= window.setInterval(() => this.requestUpdate(), 500);
    else {
      clearInterval(this.#ticking);
      this.#ticking = undefined;
    }
    if (this.fate === "closed" && this.#focused && !document.activeElement?.closest(".fate"))
      this.querySelector<HTMLElement>(".fate")?.focus({ preventScroll: true });
  }

  #open(): boolean {
    return this.writable.spec.visible === "everyone";
  }

  #words(): string {
    if (this.writable.spec.many) return "write.add";
    return this.writable.version > 0 ? "write.change" : "write.submit";
  }

  /** One box to tick, and it is said: no form. */
  #yes(spec: CaptureSpec): TemplateResult {
    const said = this.writable.submitted;
    const field = spec.fields[0];
    return html`<div class="write yes" data-capture=${spec.id}>
      ${
        said
          ? html`<p class="said">${icon("check")}${text(spec.title)}</p>`
          : html`<button class="btn" @click=${() => void this.#send({ [field?.id ?? ""]: field?.options[0] ?? "" })}>
              ${icon("check")}${text(spec.title)}
            </button>`
      }
      <span class="faint">${t(this.#seenBy(spec, said))}</span>
    </div>`;
  }

  #field(field: CaptureField): TemplateResult {
    const id = `write-${this.writable.spec.id}-${field.id}`;
    const value = this.#fields?.[field.id] ?? "";
    const type = (event: Event): void => this.#type(field.id, (event.target as HTMLInputElement).value);
    if (field.kind === "choice") {
      return html`<fieldset class="choices">
        <legend>${text(field.title)}</legend>
        ${field.options.map(
          (option) =>
            html`<label class="choice"
              ><input type="radio" name=${id} value=${option} .checked=${live(value === option)} @change=${type} /><span
                >${t(`option.${option}`)}</span
              ></label
            >`,
        )}
      </fieldset>`;
    }
    const label = html`<label for=${id}
      >${text(field.title)}${field.required || this.writable.spec.fields.length === 1 ? nothing : html` <span class="faint">${t("write.optional")}</span>`}</label
    >`;
    const hint = this.writable.spec.lint ? this.#hint(field.id, value, `${id}-hint`) : nothing;
    if (field.kind === "text")
      return html`<div class="field">
        ${label}<textarea
          class="input"
          id=${id}
          aria-describedby=${this.writable.spec.lint ? `${id}-hint` : nothing}
          rows="2"
          maxlength=${field.max_length}
          ?readonly=${this.fate === "closed"}
          spellcheck="true"
          .value=${live(value)}
          @input=${type}
        ></textarea
        >${hint}
      </div>`;
    return html`<div class="field ${field.kind} ${field.required ? "required" : ""}">
      ${label}<input
        class="input"
        id=${id}
        type=${field.kind === "date" ? "date" : "text"}
        maxlength=${field.max_length}
        ?readonly=${this.fate === "closed"}
        autocomplete="off"
        .value=${live(value)}
        @input=${type}
      />${hint}
    </div>`;
  }

  /** A quiet word under the field while the words it is about stand there. It blocks nothing, and goes when asked to. */
  #hint(field: string, value: string, id: string): TemplateResult {
    const hint = this.room.outbox
      .hints(this.writable.spec.id)
      .find((one) => one.field === field && value.includes(one.words) && !this.#dismissed.has(one.words));
    return html`<div class="lint" id=${id} role="status">
      ${
        hint
          ? html`<p>${this.#advice(hint)}</p>
              <button
                type="button"
                class="btn bare small"
                data-gesture="dismiss_hint"
                @click=${() => this.#dismiss(hint)}
              >
                ${t("lint.dismiss")}
              </button>`
          : nothing
      }
    </div>`;
  }

  #advice({ kind, words }: Hint): string {
    return t(`lint.${kind}`, { words: quote(words), example: quote(t("lint.example")) });
  }

  #dismiss(hint: Hint): void {
    this.#dismissed.add(hint.words);
    this.querySelector<HTMLElement>(`#write-${this.writable.spec.id}-${hint.field}`)?.focus();
    this.requestUpdate();
  }

  #type(field: string, value: string): void {
    this.#fields = { ...this.#fields, [field]: value };
    this.#missing = "";
    this.room.texts.type(this.writable.spec.id, this.fields);
    this.requestUpdate();
  }

  #submit(event?: Event): void {
    event?.preventDefault();
    if ((event && this.fate && this.fate !== "open") || this.#sending) return;
    const { fields } = this;
    const missing = this.writable.spec.fields.find((field) => field.required && !fields[field.id]);
    this.#missing = missing ? text(missing.title) : "";
    this.requestUpdate();
    if (!missing) void this.#send(fields);
  }

  async #send(fields: Fields): Promise<void> {
    const { spec, version } = this.writable;
    this.#sending = true;
    this.room.texts.done(spec.id);
    const answer = await this.room.ask({
      type: "submit_capture",
      capture: spec.id,
      fields,
      version: spec.many ? 0 : version,
    });
    this.#sending = false;
    if (!answer.ok) {
      this.room.texts.type(spec.id, this.fields);
      return;
    }
    const more = this.room.texts.writing(spec.id); // typed on while it was on its way: that is the next draft
    if (!more) this.room.outbox.draft(spec.id, {});
    if (spec.many && !more && !this.fate) this.#fields = {};
    this.requestUpdate();
  }

  #seenBy(spec: CaptureSpec, submitted: boolean): string {
    if (spec.visible !== "everyone") return `seen.${spec.visible}`;
    if (this.room.common?.now?.floor === "silent_writing") return "seen.reveal";
    return submitted && !spec.many ? "seen.everyone_now" : "seen.everyone";
  }

  /** Where the text stands, in words that reassure. */
  #standing(): string {
    const { spec, submitted, draft } = this.writable;
    if (this.room.texts.writing(spec.id)) return t("write.typing");
    const unsaved = this.room.outbox.unsaved(spec.id);
    if (unsaved && Object.keys(unsaved).length > 0)
      return t(this.room.link === "up" ? "write.typing" : "write.waiting");
    const kept = this.room.outbox.saved(spec.id) ?? draft;
    if (Object.keys(kept).length > 0) return t(alone(spec) ? "write.saved_alone" : "write.saved_draft");
    return submitted && !spec.many ? t(this.#open() ? "write.sent" : "write.saved_alone") : "";
  }
}

/** One's own, for ever, with nothing that must be filled in: notes. The room keeps the draft, no button is needed. */
function alone(spec: CaptureSpec): boolean {
  return spec.visible === "author" && spec.fields.every((field) => !field.required);
}

function filled(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value.trim() !== ""));
}

declare global {
  interface HTMLElementTagNameMap {
    "co-capture-form": CaptureForm;
  }
}

define("co-capture-form", CaptureForm);
