/**
 * A person's picture: the video if there is one, otherwise their initials on an equal tile. No nagging about cameras.
 * Each seat has one video element for the page's life: it moves between stage and faces without starting anew.
 */
import { html, nothing, type TemplateResult } from "lit";
import { ifDefined } from "lit/directives/if-defined.js";
import { seatInitials } from "../people";
import type { Room } from "../room";

const videos = new Map<string, HTMLVideoElement>();
let ownStream: MediaStream | null = null;

/** `seat`'s picture as it may be shown now, the initials behind it until it moves. One's own is mirrored, as everybody knows themselves. */
export function picture(room: Room, seat: string): TemplateResult {
  const shown = room.isMe(seat) ? own(room) : others(room, seat);
  return html`<span class="initials" data-tone=${ifDefined(tone(room, seat))} aria-hidden="true"
      >${seatInitials(room.common?.seats ?? [], seat)}</span
    >${shown ? video(seat, shown, room.isMe(seat)) : nothing}`;
}

/** A small round badge with initials, for rows and chips. */
export function dot(room: Room, seat: string): TemplateResult {
  return html`<span class="dot" data-tone=${ifDefined(tone(room, seat))} aria-hidden="true"
    >${seatInitials(room.common?.seats ?? [], seat)}</span
  >`;
}

function video(seat: string, stream: MediaStream, mirrored: boolean): HTMLVideoElement {
  const element = videos.get(seat) ?? document.createElement("video");
  if (!videos.has(seat)) {
    element.muted = element.autoplay = element.playsInline = true;
    element.tabIndex = -1;
    element.ariaHidden = "true";
    element.classList.toggle("mirrored", mirrored);
    videos.set(seat, element);
  }
  if (element.srcObject !== stream) element.srcObject = stream;
  else if (element.paused)
    requestAnimationFrame(() => element.isConnected && void element.play().catch(() => undefined)); // moved again meanwhile: its next drawing plays it
  return element;
}

function own(room: Room): MediaStream | null {
  const track = room.devices.camera;
  if (!track) return null;
  if (ownStream?.getTracks()[0] !== track) ownStream = new MediaStream([track]);
  return ownStream;
}

function others(room: Room, seat: string): MediaStream | null {
  const there = room.pictures.has(seat) && !room.held("media") && room.seat(seat)?.presence !== "absent";
  return there ? room.media.picture(seat) : null;
}

function tone(room: Room, seat: string): number | undefined {
  const index = room.common?.seats.findIndex((one) => one.id === seat) ?? -1;
  return index < 0 ? undefined : index % 5;
}
