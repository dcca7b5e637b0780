/** The browser asks before this tab is closed while one speaks or leads, and only then. */
import type { Room } from "./room";

export function askBeforeClosing(room: Room): void {
  const ask = (event: Event): void => event.preventDefault();
  let asking = false;
  room.listen(() => {
    const asks = needed(room);
    if (asks === asking) return;
    asking = asks;
    // There only while it is needed: a listener by itself makes browsers keep less of a page.
    if (asks) addEventListener("beforeunload", ask);
    else removeEventListener("beforeunload", ask);
  });
}

function needed(room: Room): boolean {
  const { common, own, me, place, link, reloading } = room;
  if (place !== "room" || common?.status !== "running" || !own || reloading) return false;
  if (link === "moved" || link === "revoked" || link === "unknown" || link === "signed_out") return false;
  return own.leads || own.my_turn || (own.may_be_heard && me?.microphone === "open");
}
