/** What a gesture does to the rest, shown before it happens: two strips in true proportions, and one plain sentence. */
import { html, nothing, type TemplateResult } from "lit";
import type { Room } from "../room";
import { vars } from "../vars";
import type { PhaseView, Preview } from "../wire.gen";
import { length, list, t, text, timeOfDay } from "../words";

/** Less is not worth a word. */
const SEEN_MS = 15_000;

export function preview(room: Room, shown: Preview | undefined): TemplateResult {
  const changes = shown?.changes.filter((change) => Math.abs(change.from_ms - change.to_ms) >= SEEN_MS) ?? [];
  return html`${
      changes.length > 0
        ? html`<dl class="strips" aria-hidden="true">
            <dt>${t("preview.now")}</dt>
            <dd class="strip">${strip(room, shown, false)}</dd>
            <dt>${t("preview.then")}</dt>
            <dd class="strip">${strip(room, shown, true)}</dd>
          </dl>`
        : nothing
    }
    ${shown ? told(room, shown).map((words) => html`<p><strong>${words}</strong></p>`) : nothing}
    <p class="dim">${shown ? consequence(room, shown) : t("preview.nothing_yields")}</p>`;
}

function strip(room: Room, shown: Preview | undefined, after: boolean): TemplateResult[] {
  const phases = (room.common?.phases ?? []).filter((phase) => phase.status === "now" || phase.status === "coming");
  const titles = phases.map((phase) => text(phase.title));
  const total = phases.reduce((sum, phase) => sum + phase.allotted_ms, 1);
  return phases.map((phase, index) => {
    const change = shown?.changes.find((one) => one.phase === phase.key);
    const ms = after ? (change?.to_ms ?? phase.allotted_ms) : (change?.from_ms ?? phase.allotted_ms);
    const moved =
      !after || !change || change.to_ms === change.from_ms ? "" : change.to_ms > change.from_ms ? "gains" : "yields";
    if (ms <= 0) return html``;
    return html`<span class=${moved} ${vars({ min: (ms / 60_000).toFixed(2) })}
      >${label(titles[index] ?? "", ms, ms / total)}</span
    >`;
  });
}

/** The first word of a title and its minutes, or the minutes alone where there is no room. */
function label(title: string, ms: number, share: number): string {
  const short = title.split(/[ ’']/)[0] ?? title;
  return share < (short.length + 4) * 0.0155 + 0.03 ? minutesOnly(ms) : `${short} ${minutesOnly(ms)}`;
}

function minutesOnly(ms: number): string {
  const tenths = Math.round(ms / 30_000) / 2;
  return tenths.toLocaleString(document.documentElement.lang);
}

/** Where the role rotates, phases of one title differ by their client. */
function called(room: Room, key: string): string {
  const client = room.common?.phases.find((phase) => phase.key === key)?.client;
  return client ? `${room.phaseTitle(key)} (${room.name(client)})` : room.phaseTitle(key);
}

/** "Consultation yields 1 min. The end stays at 11:15." */
export function consequence(room: Room, shown: Preview): string {
  const parts: string[] = [];
  const subject = shown.phase;
  const others = shown.changes.filter((change) => change.phase !== subject);
  const yielding = others.filter((change) => change.from_ms - change.to_ms >= SEEN_MS);
  const winning = others.filter((change) => change.to_ms - change.from_ms >= SEEN_MS);
  const said = (words: string, changes: Preview["changes"]): string =>
    list(
      changes.map((change) =>
        t(words, {
          phase: called(room, change.phase),
          time: length(Math.round(Math.abs(change.to_ms - change.from_ms) / 30_000) * 30_000),
        }),
      ),
    );
  if (yielding.length > 0) parts.push(`${said("preview.yields", yielding)}.`);
  if (winning.length > 0) parts.push(`${said("preview.wins", winning)}.`);
  if (yielding.length + winning.length === 0) parts.push(t("preview.nothing_yields"));
  const before = room.common ? room.common.ends_at_ms + room.common.late_ms : 0;
  const after = shown.ends_at_ms + shown.late_ms;
  parts.push(
    t(Math.abs(after - before) < 30_000 ? "preview.end_stays" : "preview.end_moves", {
      time: timeOfDay(room.wall(after)),
    }),
  );
  if (protectedLater(room).length > 0 && shown.gesture === "extend_phase")
    parts.push(t("preview.protected", { phases: list(protectedLater(room).map((phase) => text(phase.title))) }));
  return parts.join(" ");
}

/** What a protected phase would lose, in words: whoever confirms has read them. */
export function told(room: Room, shown: Preview): string[] {
  const phase = shown.phase ? room.phaseTitle(shown.phase) : "";
  const titles = list(shown.empty.map((title) => text(title)));
  const words: string[] = [];
  if (shown.empty.length > 0)
    words.push(t(shown.losses.includes("empty") ? "preview.empty" : "preview.unwritten", { phase, titles }));
  if (shown.missing_ms > 0)
    words.push(t("preview.missing", { phase, time: length(Math.ceil(shown.missing_ms / 1000) * 1000) }));
  return words;
}

/** The button that ends the session now. What that loses of the running phase is read before it is done. */
export function ending(room: Room, sign: string, quiet = false): TemplateResult | typeof nothing {
  if (!room.may("close_session")) return nothing;
  const previews = room.console?.previews ?? room.common?.previews ?? [];
  const shown = previews.find((one) => one.gesture === "close_session");
  const losing = shown?.losses ?? [];
  const ask = [...(shown && losing.length > 0 ? told(room, shown) : []), t("more.close_ask")].join(" ");
  return html`<co-confirm
    .room=${room}
    .words=${t("more.close")}
    .ask=${ask}
    .yes=${t("more.close_yes")}
    .icon=${sign}
    .quiet=${quiet}
    .grave=${true}
    .act=${() => void room.ask({ type: "close_session", losing })}
  ></co-confirm>`;
}

function protectedLater(room: Room): PhaseView[] {
  return (room.common?.phases ?? []).filter(
    (phase) => phase.protected && phase.status === "coming" && phase.id === "learnings",
  );
}
