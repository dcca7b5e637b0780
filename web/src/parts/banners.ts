/** What must be known above all else, in plain words: a broken connection, a clock that stands, sound that waits for a click. */
import { html, nothing, type TemplateResult } from "lit";
import type { Room } from "../room";
import type { HoldCause } from "../wire.gen";
import { t, text } from "../words";
import { icon } from "./icon";

export function banners(room: Room): TemplateResult {
  const { common, own } = room;
  const lost = room.link === "lost";
  const away = (id: string | null | undefined): string => (id ? room.name(id) : "");
  return html`<div class="banners" role="region" aria-label=${t("banner.label")}>
    ${lost ? banner("away", lostWords(room), html`<button class="btn small" @click=${() => room.comeBack()}>${t("banner.try_now")}</button>`) : nothing}
    ${lacking(room)}
    ${room.outdated && !lost ? banner("clock", t("banner.outdated"), html`<button class="btn small" @click=${() => room.reload()}>${t("banner.reload")}</button>`) : nothing}
    ${!lost && !room.lacks.includes("peers") && room.media.path === "failed" && !room.unheard && !room.held("media") && !room.held("suspended") ? banner("away", failedWords(room)) : nothing}
    ${!lost && room.media.silenced ? banner("speaker", t("banner.silenced"), html`<button class="btn primary small" @click=${() => void room.media.unsilence()}>${t("banner.sound_on")}</button>`, "act") : nothing}
    ${held(room).map(([name, cause]) => banner(name, t(`hold.${cause}`, { name: away(cause === "client_absent" ? common?.client : common?.lead) })))}
    ${common?.vacant && !room.held("lead_absent") && !room.held("suspended") ? banner("away", t("banner.vacant")) : nothing}
    ${(common?.now?.dropped ?? []).map((round) => banner("clock", t("banner.dropped", { round: text(round) })))}
    ${own?.lead_away && !own.leads ? banner("away", t("banner.lead_away", { name: away(common?.facilitator) })) : nothing}
    ${room.may("take_lead") && !own?.leads ? banner("compass", t("banner.lead_elsewhere", { name: away(common?.lead) }), html`<button class="btn small primary" @click=${() => void room.ask({ type: "take_lead" })}>${t("console.take_lead")}</button>`) : nothing}
    ${room.behind ? banner("warn", t("banner.behind")) : nothing}
    ${room.done ? banner("check", room.done, undefined, "act") : nothing}
    ${room.notice ? banner("warn", room.notice, html`<button class="btn bare small" @click=${() => dismiss(room)}>${t("close")}</button>`, "notice") : nothing}
  </div>`;
}

/** No media get through; where there is not even the second way, what is left. */
function failedWords(room: Room): string {
  if (room.media.backup.possible) return t("banner.media");
  const { backup_line } = room.boot;
  const left = [t("banner.media"), t("banner.no_backup")];
  return [...left, ...(backup_line ? [t("check.backup", { line: backup_line })] : [])].join(" ");
}

function lostWords(room: Room): string {
  if (room.turned_away) return t("banner.too_fast");
  if (!room.stuck) return t("banner.lost");
  const line = room.boot.backup_line;
  return line ? `${t("banner.stuck")} ${t("check.backup", { line })}` : t("banner.stuck");
}

/** What this browser cannot do, until it was read. */
export function lacking(room: Room): TemplateResult[] {
  const told = room.lacks.filter((lack) => !room.isAway(`lack.${lack}`));
  return told.map((lack) =>
    banner(
      "warn",
      lack === "peers" && room.boot.backup_line
        ? `${t("lack.peers")} ${t("check.backup", { line: room.boot.backup_line })}`
        : t(`lack.${lack}`),
      html`<button class="btn bare small" data-lack=${lack} @click=${() => room.putAway(`lack.${lack}`)}>
        ${t("close")}
      </button>`,
    ),
  );
}

/** Why the clock stands, and what is being done; a care pause, a suspension and an own lost path are told in large elsewhere. */
function held(room: Room): [string, HoldCause | "vacant"][] {
  if (room.held("suspended")) return [];
  const said = (cause: HoldCause): boolean => cause === "care" || (cause === "client_absent" && room.unheard);
  const causes = (room.common?.now?.holds ?? []).filter((cause) => !said(cause));
  return causes.map((cause) => [
    cause === "pause" ? "pause" : "clock",
    cause === "lead_absent" && room.common?.vacant ? "vacant" : cause,
  ]);
}

function banner(name: string, words: string, action?: TemplateResult, kind = ""): TemplateResult {
  return html`<p class="banner ${kind}">${icon(name)}<span>${words}</span>${action ?? nothing}</p>`;
}

function dismiss(room: Room): void {
  room.notice = "";
  room.changed();
}
