/** An icon beside a word; never alone. */
import { html, type TemplateResult } from "lit";

export function icon(name: string): TemplateResult {
  return html`<span class="icon i-${name}" aria-hidden="true"></span>`;
}
