/** The check of the network, in the lobby and on its own page: one button, one sentence that says what will be, what is closed
 * with what to open, and a report for whoever looks after the network. What works is folded away. */
import { html, LitElement, nothing, type TemplateResult } from "lit";
import type { Check, Where } from "../check";
import { define } from "../part";
import type { CheckRung } from "../wire.gen";
import { t } from "../words";
import { icon } from "./icon";

class NetworkCheck extends LitElement {
  static override properties = {
    check: { attribute: false },
    backup_line: { attribute: false },
    heading: { attribute: false },
  };
  declare check: Check;
  declare backup_line: string;
  /** In the lobby; the page of its own has its heading already. */
  declare heading: string;
  #copied = "";

  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  protected override willUpdate(): void {
    this.check.changed = () => this.requestUpdate();
  }

  protected override render(): TemplateResult {
    const { check } = this;
    const words = check.over ? "check.again" : check.running ? "check.running" : "check.start";
    return html`<section class="network-check" aria-label=${t("check.title")}>
      ${this.heading ? html`<h3>${icon("signal")}${this.heading}</h3>` : nothing}
      <p class="verdict" role="status">${this.#verdict()}</p>
      ${check.over && !check.busy ? this.#found() : nothing}
      <button
        class="btn ${this.heading || check.over ? "small" : "primary big"}"
        data-check="start"
        aria-disabled=${check.running}
        @click=${() => void check.start()}
      >
        ${t(words)}
      </button>
    </section>`;
  }

  #verdict(): TemplateResult | typeof nothing {
    const { check } = this;
    if (check.running) return html`${t("check.wait")}`;
    if (!check.over) return nothing;
    if (check.busy) return html`${t("check.busy")}`;
    const { verdict } = check;
    const good = !check.hopeless;
    return html`<strong class=${good ? "good" : "bad"} data-verdict=${verdict}
        >${icon(good ? "check" : "warn")}${t(`check.verdict.${verdict}`)}</strong
      >
      ${!good && this.backup_line ? html`<span>${t("check.backup", { line: this.backup_line })}</span>` : nothing}`;
  }

  #found(): TemplateResult {
    const { check } = this;
    const closed = check.closed.filter((rung) => rung !== "reconnect" || check.works.includes("socket"));
    return html`${
        closed.length > 0
          ? html`<p class="dim">${t("check.report.closed")}</p>
              <ul class="closed ${check.hopeless ? "bad" : ""}">
                ${closed.map(
                  (rung) =>
                    html`<li data-closed=${rung}>
                      ${icon("stop")}<span
                        ><strong>${t(`check.${rung}`)}</strong>
                        ${remedy(rung, check.findings.get(rung)?.where ?? [])}</span
                      >
                    </li>`,
                )}
              </ul>`
          : nothing
      }
      <details class="fold">
        <summary>${t("check.works", { count: check.works.length })}</summary>
        <ul class="works">
          ${check.works.map((rung) => html`<li data-works=${rung}>${icon("check")}${t(`check.${rung}`)}</li>`)}
        </ul>
      </details>
      <details class="fold" data-report>
        <summary>${t("check.report")}</summary>
        <p class="faint">${t("check.report.what")}</p>
        <textarea class="input" rows="8" readonly aria-label=${t("check.report")} .value=${text(check)}></textarea>
        <div class="btns">
          <button class="btn small" data-copy-report="text" @click=${() => void this.#copy("text")}>
            ${t(this.#copied === "text" ? "check.copied" : "check.copy")}
          </button>
          <button class="btn small" data-copy-report="json" @click=${() => void this.#copy("json")}>
            ${t(this.#copied === "json" ? "check.copied" : "check.copy_json")}
          </button>
        </div>
      </details>`;
  }

  /** Without a clipboard the text is selected, to be copied by hand. */
  async #copy(what: "text" | "json"): Promise<void> {
    const field = this.querySelector("textarea");
    const written = what === "text" ? text(this.check) : this.check.report();
    try {
      await navigator.clipboard.writeText(written);
      this.#copied = what;
    } catch {
      if (field) field.value = written;
      field?.select();
    }
    this.requestUpdate();
  }
}

/** What to open, for somebody who can. */
function remedy(rung: CheckRung, where: Where[]): string {
  const [first] = where;
  switch (rung) {
    case "microphone":
    case "speaker":
      return t(`check.${rung}.fix`);
    case "socket":
    case "reconnect":
    case "events":
    case "sound":
      return t(`check.${rung}.fix`, { place: first ? place(first) : location.host });
    default:
      return where.length > 0 ? t("check.open", { places: where.map(place).join(", ") }) : t("check.none");
  }
}

function place({ host, port, last, protocol }: Where): string {
  return last ? t("check.places", { host, port, last, protocol }) : t("check.place", { host, port, protocol });
}

/** The report as one sends it by mail. */
function text(check: Check): string {
  const closed = check.closed.map(
    (rung) => `- ${t(`check.${rung}`)} ${remedy(rung, check.findings.get(rung)?.where ?? [])}`,
  );
  const works = check.works.map((rung) => `- ${t(`check.${rung}`)}`);
  return [
    t("check.report.head", { site: location.host, at: check.at }),
    t(`check.verdict.${check.verdict}`),
    ...(closed.length > 0 ? ["", t("check.report.closed"), ...closed] : []),
    ...(works.length > 0 ? ["", t("check.report.works"), ...works] : []),
  ].join("\n");
}

define("co-network-check", NetworkCheck);
