/** What a seat is doing, in words: under a face, on a tile, in a row. Reads the view, draws nothing. */
import type { Room } from "./room";
import type { Presence, SeatView } from "./wire.gen";
import { t } from "./words";

const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/** The first grapheme of the first and of the last word that has a letter: what somebody put around their name is none. */
export function initials(name: string): string {
  const words = name.split(/[\s\p{Pd}]+/u).flatMap((word) => /\p{L}.*/su.exec(word)?.[0] ?? []);
  const [first, last] = [words[0], words.length > 1 ? words.at(-1) : undefined];
  const shown = [first, last].map((word) => Array.from(graphemes.segment(word ?? ""), (one) => one.segment)[0] ?? "");
  return shown.join("").toLocaleUpperCase();
}

/** The initials of a seat among all; equal ones are numbered in the order of the seats, so that they are told apart. */
export function seatInitials(seats: Pick<SeatView, "id" | "name">[], id: string): string {
  const own = initials(seats.find((seat) => seat.id === id)?.name ?? "");
  const alike = seats.filter((seat) => initials(seat.name) === own);
  return own && alike.length > 1 ? `${own}${alike.findIndex((seat) => seat.id === id) + 1}` : own;
}

/** "1re", "2e"; "1st", "2nd". */
export function place(n: number): string {
  return t(n === 1 ? "place.first" : n === 2 ? "place.second" : "place.later", { n });
}

/** Roles and jobs; nothing for a plain consultant, which everybody is. */
export function office(seat: SeatView): string {
  const role = seat.role === "consultant" ? [] : [t(`role.${seat.role}`)];
  return [...role, ...seat.jobs.map((job) => t(`job.${job}`))].join(", ");
}

export function speaking(room: Room, seat: string): boolean {
  return (room.levels[seat] ?? 0) > 30;
}

/** What the holder of the floor does, or "" for everybody else. */
export function doing(room: Room, seat: string): string {
  const turn = room.common?.floor.turn;
  if (turn?.seat !== seat || room.held("care")) return "";
  return t(room.isMe(seat) ? `turn.${turn.kind}.you` : `turn.${turn.kind}`);
}

export interface State {
  kind: "absent" | "phone" | "weak" | "hand" | "done" | "writing" | "next" | "spoken" | "plain";
  words: string;
  /** Place in the queue, from 1. */
  place?: number;
}

/** How a seat's person is there: whoever is on the telephone is, whatever their page does. */
export function presence(seat: SeatView): Presence {
  return seat.phone ? "here" : seat.presence;
}

/** The one thing worth saying under a face. */
export function state(room: Room, seat: SeatView): State {
  const { floor, now, status } = room.common ?? {};
  if (seat.phone) return { kind: "phone", words: t("state.phone") };
  if (seat.presence === "absent") {
    if (room.waiting.has(seat.id)) return { kind: "absent", words: t("state.in_lobby") };
    if (!seat.joined) return { kind: "absent", words: t("state.expected") };
    return { kind: "absent", words: t("state.kept") };
  }
  if (room.held("suspended")) return { kind: "plain", words: office(seat) };
  if (seat.presence === "weak") return { kind: "weak", words: t("state.weak") };
  if (seat.media_lost) return { kind: "weak", words: t("state.media_lost") };
  if (!floor || status !== "running" || room.held("care")) return { kind: "plain", words: office(seat) };
  const hand = floor.hands.findIndex((one) => one.seat === seat.id);
  if (hand >= 0) return { kind: "hand", words: t("state.hand", { place: place(hand + 1) }), place: hand + 1 };
  if (doing(room, seat.id)) return { kind: "plain", words: doing(room, seat.id) };
  const way = room.isMe(seat.id) ? room.quality : room.ways[seat.id]?.quality;
  if (way === "weak" || way === "sound_only") return { kind: "weak", words: t(`state.${way}`) };
  if (now?.closed_cameras.includes(seat.id)) return { kind: "plain", words: t("state.turned_away") };
  if (now?.floor === "silent_writing" && seat.role !== "facilitator" && seat.role !== "observer")
    return floor.done.includes(seat.id)
      ? { kind: "done", words: t("state.done") }
      : { kind: "writing", words: t("state.writing") };
  if (floor.next === seat.id) return { kind: "next", words: t("state.next") };
  if (floor.passed.includes(seat.id)) return { kind: "spoken", words: t("state.passed") };
  if (now?.floor === "round" && floor.spoken.includes(seat.id)) return { kind: "spoken", words: t("state.spoken") };
  return { kind: "plain", words: office(seat) };
}
