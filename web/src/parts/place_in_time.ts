/** Where we are and how long: the phase with its purpose, its countdown, and the ribbon in true proportions. */
import { html, nothing, type TemplateResult } from "lit";
import type { Room } from "../room";
import { vars } from "../vars";
import type { PhaseView } from "../wire.gen";
import { minutes, t, text, timeOfDay } from "../words";

export function placeInTime(room: Room): TemplateResult {
  const { common, phase } = room;
  if (!common) return html``;
  return html`<section class="now" data-family=${phase?.family ?? "open"} aria-labelledby="phase">
    <div class="where">
      <h1 id="phase">${phase ? text(phase.title) : common.title}</h1>
      ${turnsAsClient(room)}
      <p>
        ${phase ? html`<span class="nowrap">${whichStep(room)}</span>${common.now?.questions_only ? html` <span class="pill">${t("now.questions_only")}</span>` : nothing} <span class="purpose">${text(phase.purpose)}</span>` : before(room, common.starts_at_ms)}
      </p>
    </div>
    <div class="when">
      <co-phase-clock .room=${room}></co-phase-clock>
      ${room.held("suspended") ? nothing : html`<p class="end">${t("now.end", { time: timeOfDay(room.wall(common.ends_at_ms + common.late_ms)) })}</p>`}
    </div>
    ${ribbon(room)}
  </section>`;
}

/** Where the role rotates one must see at once who has it now. */
function turnsAsClient(room: Room): TemplateResult | typeof nothing {
  const client = room.phase?.client;
  if (!client) return nothing;
  const mine = room.isMe(client);
  return html`<span class="pill ${mine ? "turn" : "good"} big"
    >${mine ? t("now.you_are_client") : t("now.client", { name: room.name(client) })}</span
  >`;
}

function whichStep(room: Room): string {
  const now = room.common?.now;
  const shown = shownPhases(room);
  const index = shown.findIndex((phase) => phase.status === "now") + 1;
  const step = now?.step_title ? `, ${lower(text(now.step_title))}` : "";
  return `${t("now.phase", { n: index, total: shown.length })}${step}`;
}

function lower(words: string): string {
  return words.charAt(0).toLowerCase() + words.slice(1);
}

function before(room: Room, starts_at_ms: number): string {
  if (starts_at_ms <= room.now()) return t("lobby.any_moment");
  return t("now.before", { time: timeOfDay(room.wall(starts_at_ms)) });
}

/** For the lead: does the end hold? A suspended session has none. */
export function endHolds(room: Room): TemplateResult | typeof nothing {
  if (!room.own?.leads || !room.phase || room.held("suspended")) return nothing;
  const late_ms = room.common?.late_ms ?? 0;
  if (late_ms > 0) return html`<span class="pill weak">${t("console.end_slips", { time: minutes(late_ms) })}</span>`;
  // A session that was made for now has no hour to be late against: only what was lost since its start counts.
  const madeForNow = (room.common?.starts_at_ms ?? 0) <= 0;
  const drift_ms = (room.console?.drift_ms ?? 0) - (madeForNow ? (room.console?.lateness_ms ?? 0) : 0);
  const end = timeOfDay(room.wall(room.common?.ends_at_ms ?? 0));
  if (drift_ms < 60_000) return html`<span class="pill good">${t("console.end_holds", { end })}</span>`;
  return html`<span class="pill good">${t("console.end_holds_late", { time: minutes(drift_ms), end })}</span>`;
}

function shownPhases(room: Room): PhaseView[] {
  return (room.common?.phases ?? []).filter((phase) => phase.status !== "skipped");
}

function ribbon(room: Room): TemplateResult {
  const phases = shownPhases(room);
  const lengths = phases.map((phase) => Math.max(phase.status === "done" ? phase.spent_ms : phase.allotted_ms, 30_000));
  const total = lengths.reduce((sum, one) => sum + one, 0);
  const next = room.nextPhase?.key;
  return html`<ol class="ribbon" aria-label=${t("ribbon.label")}>
    ${phases.map((phase, index) => segment(room, phase, (lengths[index] ?? 0) / total, phase.key === next, index === phases.length - 1))}
  </ol>`;
}

/** How a phase can be called in the ribbon, the fullest name first; where the role rotates, by its client at least. */
function names(room: Room, phase: PhaseView): string[] {
  const title = text(phase.title);
  if (phase.client) return [`${title}, ${room.name(phase.client)}`, title, room.name(phase.client)];
  const first = title.split(/[ ’']/).find((word) => word.length > 3);
  return first && title.startsWith(first) ? [title, first] : [title];
}

function segment(room: Room, phase: PhaseView, share: number, next: boolean, last: boolean): TemplateResult {
  const now = phase.status === "now";
  const left_ms = now && room.common?.now ? room.left(room.common.now.countdown) : 0;
  const done = Math.min(1, Math.max(0, 1 - left_ms / Math.max(1, phase.allotted_ms)));
  const state = now ? "now" : phase.status === "done" ? "done" : next ? "next" : "coming";
  const whose = phase.client ? `, ${room.name(phase.client)}` : "";
  const title = `${text(phase.title)}${whose}`;
  const short =
    names(room, phase).find((one) => one.length * 0.0056 <= share) ?? (now || last ? names(room, phase).at(-1) : "");
  return html`<li
    class=${state}
    data-family=${phase.family}
    aria-current=${now ? "step" : nothing}
    title=${`${title}, ${minutes(phase.allotted_ms)}`}
    ${vars({ share: share.toFixed(4), done: done.toFixed(3) })}
  >
    <span aria-hidden="true">${short}</span>
    <span class="visually-hidden">${title}, ${minutes(phase.allotted_ms)}, ${t(`ribbon.${state}`)}</span>
  </li>`;
}
