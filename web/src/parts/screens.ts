/** The pages that stand alone: before the first view, moved, revoked, left, and the calm end. */
import { html, nothing, type TemplateResult } from "lit";
import type { Room } from "../room";
import { t } from "../words";

function screen(title: string, words: string, action?: TemplateResult): TemplateResult {
  return html`<div class="screen">
    <header class="top"><span class="brand">cosession</span></header>
    <main>
      <h1 tabindex="-1">${title}</h1>
      <p>${words}</p>
      ${action ?? nothing}
    </main>
  </div>`;
}

/** The page when there is no room to show; null when there is. */
export function alone(room: Room): TemplateResult | null {
  const back = (words: string): TemplateResult =>
    html`<div class="btns">
      <button class="btn primary big" data-gesture="come-back" @click=${() => room.comeBack()}>${words}</button>
    </div>`;
  switch (room.link) {
    case "moved":
      return screen(t("moved.title"), t("moved.words"), back(t("moved.back")));
    case "revoked":
      return screen(t("revoked.title"), t("revoked.words"));
    case "unknown":
      return screen(t("unknown.title"), t("unknown.words"));
    case "signed_out":
      return screen(t("signed_out.title"), t("signed_out.words"));
    default:
  }
  if (room.common?.status === "closed") return farewell(room);
  if (room.place === "left")
    return screen(
      t("left.title"),
      t("left.words"),
      html`<div class="btns">
        <button class="btn primary big" @click=${() => location.reload()}>${t("left.back")}</button>
      </div>`,
    );
  if (!room.common || !room.own)
    return screen(
      t("connecting.title"),
      room.turned_away ? t("banner.too_fast") : room.link === "lost" ? t("connecting.again") : t("connecting.words"),
    );
  return null;
}

function farewell(room: Room): TemplateResult {
  const client = room.own?.role === "client";
  if (room.common?.stopped)
    return screen(
      t("stopped.title"),
      t("stopped.words"),
      html`<div class="btns"><a class="btn big" href=${room.boot.after}>${t("farewell.open")}</a></div>
        <p class="faint">${t("farewell.private")}</p>`,
    );
  return screen(
    t("farewell.title"),
    t(client ? "farewell.client" : room.own?.role === "facilitator" ? "farewell.facilitator" : "farewell.words"),
    html`<div class="btns">
        <a class="btn primary big" href=${room.boot.after}>${t(client ? "farewell.open_client" : "farewell.open")}</a>
      </div>
      <p class="faint">${t("farewell.private")}</p>`,
  );
}
