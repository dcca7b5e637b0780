/** The order for the lead: who has the floor, who comes, who has spoken; each can be given the floor. No figures, no ranking. */
import { html, nothing, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import type { Room } from "../room";
import { presence, state } from "../people";
import { t, timeOfDay } from "../words";
import { icon } from "./icon";
import { dot } from "./picture";
import { seatMenu } from "./seat_gestures";

export function turns(room: Room): TemplateResult | typeof nothing {
  const { common } = room;
  const floor = common?.floor;
  if (!common || !floor || common.status !== "running") return nothing;
  const holder = floor.turn?.seat;
  const waiting = floor.order.filter((seat) => seat !== holder);
  const rest = common.seats
    .map((seat) => seat.id)
    .filter((seat) => seat !== holder && !waiting.includes(seat) && !room.isMe(seat));
  if (common.now?.floor === "silent_writing") return writers(room);
  const heading =
    floor.rounds > 1 && floor.round > 0
      ? t("turns.round_of", { n: floor.round, total: floor.rounds })
      : t(common.now?.floor === "queue" ? "turns.queue" : "turns.title");
  return html`<section class="turns" aria-labelledby="turns-h">
    <h2 id="turns-h">${heading}</h2>
    <ol>
      ${holder ? html`<li class="on" aria-current="true">${dot(room, holder)}<span>${room.name(holder)}</span><span class="faint">${t(`turn.${floor.turn?.kind}`)}</span><span class="push"></span>${room.isMe(holder) ? nothing : seatMenu(room, holder)}</li>` : nothing}
      ${repeat(
        waiting,
        (seat) => seat,
        (seat) => row(room, seat, hand(room, seat) || (seat === floor.next ? t("state.next") : "")),
      )}
    </ol>
    ${waiting.length === 0 && common.now?.floor === "queue" ? html`<p class="faint">${t("turns.no_hands")}</p>` : nothing}
    <details class="fold" ?open=${waiting.length === 0 && !holder}>
      <summary>${t("turns.others")}</summary>
      <ol>
        ${repeat(
          rest,
          (seat) => seat,
          (seat) => row(room, seat, done(room, seat)),
        )}
      </ol>
    </details>
  </section>`;
}

/** In silent writing nobody has the floor: who still writes. */
function writers(room: Room): TemplateResult {
  const seats = (room.common?.seats ?? []).filter((seat) => !room.isMe(seat.id) && seat.role !== "observer");
  return html`<section class="turns" aria-labelledby="turns-h">
    <h2 id="turns-h">${t("turns.writing")}</h2>
    <ol>
      ${repeat(
        seats,
        (seat) => seat.id,
        (seat) => row(room, seat.id, state(room, seat).words),
      )}
    </ol>
  </section>`;
}

function row(room: Room, seat: string, words: string): TemplateResult {
  const one = room.seat(seat);
  const away = one !== undefined && presence(one) === "absent";
  const give = room.console?.grantable.includes(seat) ?? false;
  const leaves_ms = room.seat(seat)?.leaves_at_ms;
  const said = [
    one?.phone ? t("state.phone") : "",
    away ? t(room.seat(seat)?.joined ? "state.kept" : "state.expected") : words,
    leaves_ms == null ? "" : t("leaving.seat", { time: timeOfDay(room.wall(leaves_ms)) }),
  ].filter(Boolean);
  return html`<li class=${away ? "off" : ""}>
    ${dot(room, seat)}<span>${room.name(seat)}</span><span class="faint">${said.join(", ")}</span>
    <span class="push"></span>
    ${give ? html`<button class="btn bare small" data-gesture="grant_floor" aria-label=${t("turns.give_to", { name: room.name(seat) })} title=${t("turns.give_to", { name: room.name(seat) })} @click=${() => void room.ask({ type: "grant_floor", seat })}>${icon("mic")}<span>${t("turns.give")}</span></button>` : nothing}
    ${room.isMe(seat) ? nothing : seatMenu(room, seat)}
  </li>`;
}

function hand(room: Room, seat: string): string {
  const kind = room.common?.floor.hands.find((one) => one.seat === seat)?.kind;
  return kind ? t(`hand.${kind}`) : "";
}

function done(room: Room, seat: string): string {
  const floor = room.common?.floor;
  if (floor?.passed.includes(seat)) return t("state.passed");
  return floor?.spoken.includes(seat) ? t("state.spoken") : "";
}
