/** What the lead should keep an eye on, and only when there is something: seats in trouble, and counts that only the lead sees. */
import { html, nothing, type TemplateResult } from "lit";
import { office } from "../people";
import type { Room } from "../room";
import type { SeatView } from "../wire.gen";
import { t } from "../words";
import { icon } from "./icon";

export function trouble(room: Room): TemplateResult | typeof nothing {
  const seats = (room.common?.seats ?? []).filter(
    (seat) =>
      seat.id !== room.console?.client_away?.seat &&
      (seat.presence !== "here" || (seat.media_lost && !room.held("media"))) &&
      seat.joined &&
      !seat.phone &&
      !room.isMe(seat.id),
  );
  const how = (seat: SeatView): string => (seat.presence === "here" ? "media_lost" : seat.presence);
  if (seats.length === 0) return nothing;
  return html`<div class="card alert">
    ${seats.map(
      (seat) =>
        html`<div class=${seat.presence === "here" ? "weak" : seat.presence}>
          <h3>
            ${icon(seat.presence === "absent" ? "away" : "signal")}${t(`watch.${how(seat)}`, { name: seat.name })}
          </h3>
          <p class="dim">${t(`watch.${how(seat)}.what`)}</p>
          ${office(seat) ? html`<p class="faint">${office(seat)}</p>` : nothing}
        </div>`,
    )}
  </div>`;
}

export function counts(room: Room): TemplateResult | typeof nothing {
  const found = Object.entries(room.console?.counts ?? {});
  if (found.length === 0) return nothing;
  const consultants = room.common?.seats.filter((seat) => seat.role === "consultant").length ?? 0;
  return html`<ul class="counts">
    ${found.map(([capture, count]) => html`<li>${icon("check")}${t("watch.count", { count, total: consultants, what: t(`capture.${capture}`).toLowerCase() })}</li>`)}
  </ul>`;
}

/** Who is not yet there, before the start. */
export function awaited(room: Room): TemplateResult | typeof nothing {
  const { common } = room;
  if (common?.status !== "lobby") return nothing;
  const missing = common.seats.filter((seat) => !seat.joined || seat.presence === "absent");
  return html`<p class="dim">
    ${missing.length === 0 ? t("watch.everybody") : t("watch.missing", { count: missing.length })}
  </p>`;
}
