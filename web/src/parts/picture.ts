/** A person's picture: the video if there is one, otherwise their initials on an equal tile. No nagging about cameras. */
import { html, nothing, type TemplateResult } from "lit";
import { ifDefined } from "lit/directives/if-defined.js";
import { initials } from "../people";
import type { Room } from "../room";

/** `seat`'s picture as it may be shown now, the initials behind it until it moves. One's own is mirrored, as everybody knows themselves. */
export function picture(room: Room, seat: string): TemplateResult {
  const shown = room.isMe(seat) ? own(room) : others(room, seat);
  const name = room.seat(seat)?.name ?? "";
  return html`<span class="initials" data-tone=${ifDefined(tone(room, seat))} aria-hidden="true">${initials(name)}</span>${shown
    ? html`<video class=${room.isMe(seat) ? "mirrored" : ""} .srcObject=${shown} .muted=${true} autoplay playsinline tabindex="-1" aria-hidden="true"></video>`
    : nothing}`;
}

/** A small round badge with initials, for rows and chips. */
export function dot(room: Room, seat: string): TemplateResult {
  return html`<span class="dot" data-tone=${ifDefined(tone(room, seat))} aria-hidden="true">${initials(room.seat(seat)?.name ?? "")}</span>`;
}

let ownStream: MediaStream | null = null;

function own(room: Room): MediaStream | null {
  const track = room.devices.camera;
  if (!track) return null;
  if (ownStream?.getTracks()[0] !== track) ownStream = new MediaStream([track]);
  return ownStream;
}

function others(room: Room, seat: string): MediaStream | null {
  const there = room.pictures.has(seat) && room.seat(seat)?.presence !== "absent";
  return there ? room.media.picture(seat) : null;
}

function tone(room: Room, seat: string): number | undefined {
  const index = room.common?.seats.findIndex((one) => one.id === seat) ?? -1;
  return index < 0 ? undefined : index % 5;
}
