/** The stage, one or two large tiles, and the faces of everybody else in the order of the seats. */
import { html, nothing, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { vars } from "../vars";
import { doing, office, presence, speaking, state } from "../people";
import type { Room } from "../room";
import type { SeatView } from "../wire.gen";
import { quote, t, timeOfDay } from "../words";
import { icon } from "./icon";
import { picture } from "./picture";
import { free } from "./role_card";

const BADGE = {
  absent: "away",
  phone: "phone",
  weak: "signal",
  hand: "hand",
  done: "check",
  writing: "pen",
  next: "",
  spoken: "check",
  plain: "",
};

export function stage(room: Room): TemplateResult {
  const seats = onStage(room);
  const columns = seats.length > 6 ? 4 : seats.length > 4 ? 3 : 2;
  const tiles = seats.length <= 2 ? String(seats.length) : "many";
  return html`<div class="stage" data-tiles=${tiles} data-columns=${columns} ${vars({ columns })}>
    ${repeat(
      seats,
      (seat) => seat,
      (seat) => tile(room, seat),
    )}
  </div>`;
}

/**
 * Who is on stage. In a care pause those two who may talk. While nobody is, the one who leads keeps the room warm; where
 * everybody may speak, or nobody leads, everybody who is not turned away.
 */
export function onStage(room: Room): string[] {
  const { common } = room;
  if (!common) return [];
  const { stage: seats, lead, client, now } = common;
  if (room.held("suspended")) return [];
  if (room.held("care")) return [client, lead].filter((seat): seat is string => seat !== null);
  if (seats.length > 0) return seats.slice(0, 2);
  if (now?.floor === "silent_writing") return lead ? [lead] : [];
  if (lead && (now?.floor !== "open" || room.own?.leads)) return [lead];
  return common.seats
    .filter((seat) => seat.role !== "observer" && !now?.closed_cameras.includes(seat.id))
    .map((seat) => seat.id);
}

/** A text that somebody has typed for their turn, where everybody reads it along. */
export function typed(room: Room): TemplateResult | typeof nothing {
  const turn = room.common?.floor.turn;
  if (!turn?.text) return nothing;
  return html`<blockquote class="typed">
    <p class="voice">${quote(turn.text)}</p>
    <footer class="faint">${room.name(turn.seat)}, ${t("typed.by")}</footer>
  </blockquote>`;
}

export function tile(room: Room, id: string): TemplateResult {
  const seat = room.seat(id);
  if (!seat) return html``;
  const still = room.held("care") || room.held("media");
  const holds = room.common?.floor.holder === id && !still;
  const turn = room.common?.floor.turn;
  const asked = turn?.kind === "answer" && turn.seat !== id && seat.role === "consultant";
  const does =
    (presence(seat) === "absent" ? state(room, seat).words : doing(room, id)) ||
    (asked ? t("turn.asked") : "") ||
    (presence(seat) === "here" ? office(seat) : state(room, seat).words);
  return html`<figure class="tile ${holds || speaking(room, id) ? "speaking" : ""} ${presence(seat)}">
    ${picture(room, id)}
    <figcaption>
      ${room.name(id)}
      ${does ? html`<span>${does}</span>` : nothing}${seat.phone ? html` <span>${icon("phone")}${t("state.phone")}</span>` : nothing}
    </figcaption>
    ${shut(room, id)}
    ${turn?.seat === id && !free(room) && !still ? html`<co-turn-time .room=${room}></co-turn-time>` : nothing}
  </figure>`;
}

/** A picture that the step closes says so, to its owner above all. */
function shut(room: Room, id: string): TemplateResult | typeof nothing {
  if (!room.common?.now?.closed_cameras.includes(id)) return nothing;
  return html`<span class="shut"
    >${icon("cam-off")}<span>${t(room.isMe(id) ? "picture.closed_mine" : "picture.closed")}</span></span
  >`;
}

/** The question that is being answered, if its author has typed it. */
export function asked(room: Room): TemplateResult | typeof nothing {
  const turn = room.common?.floor.turn;
  if (!turn || (turn.kind !== "ask" && turn.kind !== "answer")) return nothing;
  const asker = turn.kind === "ask" ? turn.seat : onStage(room).find((seat) => seat !== turn.seat);
  const last = room.common?.captures.filter((one) => one.capture === "question" && one.seat === asker).at(-1);
  if (!asker || !last?.fields["text"]) return nothing;
  return html`<p class="asked">
    <span class="faint nowrap"
      >${room.isMe(asker) ? t("stage.you_ask") : t("stage.asks", { name: room.name(asker) })}</span
    >
    <q class="voice">${quote(last.fields["text"])}</q>
  </p>`;
}

export function faces(room: Room, everybody = false): TemplateResult {
  const hidden = everybody ? [] : onStage(room);
  const seats = (room.common?.seats ?? []).filter((seat) => !hidden.includes(seat.id));
  return html`<ul class="faces" aria-label=${t("stage.others")} tabindex="0">
    ${repeat(
      seats,
      (seat) => seat.id,
      (seat) => face(room, seat),
    )}
  </ul>`;
}

export function face(room: Room, seat: SeatView): TemplateResult {
  const now = state(room, seat);
  const me = room.isMe(seat.id);
  const badge = BADGE[now.kind];
  const name =
    presence(seat) === "absent" && seat.joined ? t("state.returning", { name: seat.name }) : room.name(seat.id);
  return html`<li class="face ${now.kind} ${speaking(room, seat.id) ? "speaking" : ""}" data-seat=${seat.id}>
    <div class="pic">
      ${picture(room, seat.id)}${shut(room, seat.id)}${badge ? html`<span class="badge ${me && now.kind === "hand" ? "turn" : ""}">${icon(badge)}${now.place ?? nothing}</span>` : nothing}
    </div>
    <div>
      ${name}
      <small>${now.words}</small
      >${seat.leaves_at_ms === null ? nothing : html`<small>${t("leaving.seat", { time: timeOfDay(room.wall(seat.leaves_at_ms)) })}</small>`}
    </div>
  </li>`;
}
