/** A drawer with what was written earlier and may be read, fetched when it is opened. */
import { html, nothing, type TemplateResult } from "lit";
import { define } from "../part";
import { Sheet } from "../sheet";
import type { CaptureView } from "../wire.gen";
import { t } from "../words";
import { charterLines } from "./cards";
import { icon } from "./icon";
import { entry } from "./written";

class Writings extends Sheet {
  #entries: CaptureView[] | null = null;
  #failed = false;

  protected override render(): TemplateResult {
    return html`<button class="btn bare small" @click=${() => void this.#open()}>
        ${icon("note")}<span class="wide">${t("writings.open")}</span
        ><span class="visually-hidden narrow">${t("writings.open")}</span>
      </button>
      ${this.sheet(
        "writings-h",
        t("writings.title"),
        () =>
          html`${this.#failed ? html`<p class="dim">${t("writings.failed")}</p>` : nothing}
          ${this.#entries?.length === 0 ? html`<p class="dim">${t("writings.none")}</p>` : nothing}
          ${this.#kinds().map(
            ([title, entries]) =>
              html`<section class="log">
                <header><h3>${title}</h3></header>
                <ol>
                  ${entries.map((one) => entry(this.room, one))}
                </ol>
              </section>`,
          )}
          ${this.#charter()}`,
      )}`;
  }

  #charter(): TemplateResult | typeof nothing {
    const charter = this.room.common?.charter ?? [];
    if (charter.length === 0) return nothing;
    return html`<section class="log">
      <header><h3>${t("charter.title")}</h3></header>
      ${charterLines(this.room)}
    </section>`;
  }

  #kinds(): [string, CaptureView[]][] {
    const kinds = new Map<string, CaptureView[]>();
    for (const one of this.#entries ?? []) {
      const phase = one.phase ? this.room.phaseTitle(one.phase) : t("writings.before");
      const title = `${phase}, ${t(`capture.${one.capture}`).toLowerCase()}`;
      kinds.set(title, [...(kinds.get(title) ?? []), one]);
    }
    return [...kinds];
  }

  async #open(): Promise<void> {
    this.show();
    try {
      const answer = await fetch(this.room.boot.writings, { headers: { accept: "application/json" } });
      this.#failed = !answer.ok;
      this.#entries = answer.ok ? ((await answer.json()) as CaptureView[]) : null;
    } catch {
      this.#failed = true; // offline: said in the drawer, opening it again tries again
    }
    this.requestUpdate();
  }
}

define("co-writings", Writings);
