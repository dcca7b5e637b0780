/** Who comes when, as a row of chips: the one who has the floor, then at most three of those who are here, then how many
 * more. Oneself is always named. */
import { html, nothing, type TemplateResult } from "lit";
import { place } from "../people";
import type { Room } from "../room";
import { t } from "../words";
import { dot } from "./picture";

const SHOWN = 3;

export function order(room: Room): TemplateResult | typeof nothing {
  const floor = room.common?.floor;
  const waiting = (floor?.order ?? []).filter(
    (seat) => seat !== floor?.turn?.seat && room.seat(seat)?.presence !== "absent",
  );
  if (!floor || waiting.length === 0) return nothing;
  const mine = waiting.indexOf(room.boot.seat);
  const far = mine >= SHOWN;
  const shown = waiting.slice(0, far ? SHOWN - 1 : SHOWN);
  const more = waiting.length - shown.length - (far ? 1 : 0);
  const holder = floor.turn?.seat;
  return html`<ol class="order" aria-label=${t(floor.rounds > 0 ? "order.round" : "order.queue")}>
    ${holder && !room.isMe(holder) ? html`<li>${dot(room, holder)}${t("order.now", { name: room.name(holder) })}</li>` : nothing}
    ${shown.map((seat, index) => chip(room, seat, index))}
    ${more > 0 && !far ? html`<li class="rest">${t("order.more", { count: more })}</li>` : nothing}
    ${
      far
        ? html`<li class="rest">…</li>
            ${chip(room, room.boot.seat, mine)}`
        : nothing
    }
    ${far && waiting.length - 1 > mine ? html`<li class="rest">${t("order.more", { count: waiting.length - 1 - mine })}</li>` : nothing}
  </ol>`;
}

function chip(room: Room, seat: string, index: number): TemplateResult {
  const me = room.isMe(seat);
  return html`<li class=${me ? "you" : ""}>
    ${dot(room, seat)}${me ? `${room.name(seat)}, ${place(index + 1)}` : room.name(seat)}
  </li>`;
}
