/** The pages that stand alone: before the first view, moved, revoked, left, and the calm end. */
import { html, nothing, type TemplateResult } from "lit";
import type { Room } from "../room";
import { lacking } from "./banners";
import { t } from "../words";

function screen(title: string, words: string, action?: TemplateResult | TemplateResult[]): TemplateResult {
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
      // The number is of use while there is something to call into: never after the end.
      return screen(t("moved.title"), t("moved.words"), [
        back(t("moved.back")),
        ...(room.common?.status === "closed" ? [] : [otherwise(room)]),
      ]);
    case "revoked":
      return screen(t("revoked.title"), t("revoked.words"));
    case "unknown":
      return screen(t("unknown.title"), t("unknown.words"));
    case "signed_out":
      return screen(t("signed_out.title"), t(room.lacks.includes("cookies") ? "lack.cookies" : "signed_out.words"));
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
    return room.stuck && !room.turned_away
      ? screen(t("connecting.stuck_title"), t("connecting.stuck"), wayOut(room))
      : screen(
          t("connecting.title"),
          room.turned_away
            ? t("banner.too_fast")
            : room.link === "lost"
              ? t("connecting.again")
              : t("connecting.words"),
          lacking(room),
        );
  return null;
}

/** The organisation's line, where it has one. */
function otherwise(room: Room): TemplateResult {
  const line = room.boot.backup_line;
  return html`${line ? html`<p><strong>${t("check.backup", { line })}</strong></p>` : nothing}`;
}

/** For who does not get in: another place to talk, and what to find out meanwhile. */
function wayOut(room: Room): TemplateResult {
  return html`${otherwise(room)}
    <div class="btns">
      <button class="btn primary big" data-gesture="come-back" @click=${() => room.comeBack()}>
        ${t("banner.try_now")}</button
      ><a class="btn big" href="/check">${t("connecting.check")}</a>
    </div>
    ${lacking(room)}`;
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
