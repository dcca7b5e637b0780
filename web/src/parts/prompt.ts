/** The one sentence that says what to do now, names and numbers filled in. */
import type { Room } from "../room";
import type { Prompt } from "../wire.gen";
import { said, t, text, type Params } from "../words";

export function sentence(room: Room, prompt: Prompt): string {
  const params: Params = { count: prompt.numbers["count"] ?? 0, ...prompt.numbers };
  for (const [placeholder, value] of Object.entries(prompt.seats))
    params[placeholder] = room.seat(value) ? inSentence(room, value) : room.phaseTitle(value);
  if (!("phase" in params)) params["phase"] = room.nextPhase ? text(room.nextPhase.title) : t("do.the_end");
  if (!("name" in params)) params["name"] = t("seat.somebody");
  const away = room.common?.now?.closed_cameras[0];
  if (prompt.key === "open_floor" && away) return t("do.open_floor.turned", { name: room.name(away) });
  // Where the clock is held, who can do something about it is told so.
  const lead = `do.${prompt.key}.lead`;
  const can = room.own?.leads || (prompt.key === "held_pause" && room.may("resume"));
  return t(can && said(lead) ? lead : `do.${prompt.key}`, params);
}

function inSentence(room: Room, seat: string): string {
  return room.isMe(seat) ? t("seat.you_in_sentence") : room.name(seat);
}
