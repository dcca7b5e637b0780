/** The telephone, the last rung with a voice: where to call, that one did, and what the lead does so that everybody hears it. */
import { html, nothing, type TemplateResult } from "lit";
import type { Room } from "../room";
import { list, t } from "../words";
import { card } from "./cards";
import { icon } from "./icon";

/** The organisation's line, as a link where it begins with a number that a telephone can dial. */
export function line(room: Room): TemplateResult | typeof nothing {
  const words = room.boot.backup_line;
  if (!words) return nothing;
  const number = dialled(words);
  return html`<strong>${number ? html`<a href="tel:${number}">${words}</a>` : words}</strong>`;
}

/** The number with which a text begins, without spaces; "" if it begins with none. */
export function dialled(words: string): string {
  const [digits] = /^\+?[\d\s().-]*/.exec(words) ?? [""];
  const number = digits.replace(/[^+\d]/g, "");
  return number.length > 5 ? number : "";
}

/** For who is without sound: where to call, and one button to say so. */
export function phoneWay(room: Room): TemplateResult | typeof nothing {
  if (!room.may("set_phone") || room.me?.phone) return nothing;
  const known = room.boot.backup_line !== "";
  return html`<p class="told">
      ${icon("phone")}<span>${t(known ? "phone.call" : "phone.call_lead")} ${line(room)}</span>
    </p>
    <div class="btns">${setPhone(room, room.boot.seat, true, t("phone.on"))}</div>`;
}

export function setPhone(room: Room, seat: string, phone: boolean, words: string): TemplateResult {
  return html`<button
    class="btn"
    data-gesture="set_phone"
    @click=${() => void room.ask({ type: "set_phone", seat, phone })}
  >
    ${icon(phone ? "phone" : "check")}${words}
  </button>`;
}

/** For the lead: nothing joins telephone and page but a loudspeaker, so it is said how everybody hears everybody. */
export function phoned(room: Room): TemplateResult | typeof nothing {
  const seats = (room.common?.seats ?? []).filter((seat) => seat.phone);
  const others = seats.filter((seat) => !room.isMe(seat.id));
  if (others.length === 0) return nothing;
  const names = list(others.map((seat) => seat.name));
  return card(
    "phone",
    t("phone.lead", { count: others.length, names }),
    html`<p class="dim">${t(room.boot.backup_line ? "phone.lead_what" : "phone.lead_call")} ${line(room)}</p>`,
    html`${others.map((seat) => setPhone(room, seat.id, false, t("phone.off_for", { name: seat.name })))}`,
  );
}
