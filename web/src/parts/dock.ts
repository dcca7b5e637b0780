/** Under the thumb: the microphone with its reason, the camera, the devices, the way out. */
import { html, nothing, type TemplateResult } from "lit";
import type { Room } from "../room";
import type { Microphone } from "../wire.gen";
import { t } from "../words";
import { icon } from "./icon";

export function dock(room: Room): TemplateResult {
  const camera = room.devices.camera !== null;
  const shut = room.common?.now?.closed_cameras.includes(room.boot.seat) ?? false;
  return html`<footer class="dock" aria-label=${t("dock.label")}>
    ${microphone(room)}
    <span class="push"></span>
    ${
      room.held("suspended")
        ? nothing
        : html`<button
            class="btn bare"
            data-dock="camera"
            aria-pressed=${camera}
            aria-label=${t(shut ? "camera.shut" : camera ? "camera.on" : "camera.off")}
            title=${t(shut ? "picture.closed_mine" : camera ? "camera.close" : "camera.open")}
            @click=${() => toggleCamera(room)}
          >
            ${icon(shut ? "lock" : camera ? "cam" : "cam-off")}<span class="wide"
              >${t(shut ? "camera.shut" : camera ? "camera.on" : "camera.off")}</span
            >
          </button>`
    }
    <co-mine .room=${room}></co-mine>
    ${room.held("suspended") ? nothing : html`<co-settings .room=${room}></co-settings>`}
    <co-confirm
      class="leave"
      .room=${room}
      .words=${t("leave")}
      .ask=${t("leave.sure")}
      .yes=${t("leave.yes")}
      .icon=${"leave"}
      .quiet=${true}
      .act=${() => room.leave()}
    ></co-confirm>
  </footer>`;
}

function toggleCamera(room: Room): void {
  if (room.devices.camera) room.devices.close("camera");
  else void room.devices.open("camera");
}

/** While everything rests, or nothing of one's sound arrives, that is what is said, whatever the step would say. */
function instead(room: Room): "media" | "unheard" | "care" | null {
  if (room.held("media")) return "media";
  if (room.me?.media_lost && !room.me.phone) return "unheard";
  return room.held("care") && room.own?.may_be_heard === false ? "care" : null;
}

function microphone(room: Room): TemplateResult {
  const { own, me, devices } = room;
  if (!own || !me) return html``;
  const set = (microphone: Microphone) => (): void => void room.ask({ type: "set_microphone", microphone });
  const leave = (): void => void room.ask({ type: "set_phone", seat: room.boot.seat, phone: false });
  if (room.held("suspended"))
    return html`<button
        class="btn"
        data-dock="microphone"
        data-state="closed"
        aria-disabled="true"
        aria-describedby="why"
      >
        ${icon("lock")}${t("mic.is_closed")}</button
      ><span class="why" id="why">${t("mic.suspended")}</span>`;
  if (me.phone)
    return html`<button
        class="btn armed"
        data-dock="microphone"
        data-state="phone"
        aria-describedby="why"
        @click=${leave}
      >
        ${icon("phone")}${t("phone.off")}</button
      ><span class="why" id="why">${t("mic.phone")}</span>`;
  if (!devices.microphone && devices.asking.has("microphone"))
    return html`<button class="btn" data-dock="microphone" data-state="asking" aria-disabled="true">
        ${icon("mic-off")}${t("mic.is_closed")}</button
      ><span class="why" id="why">${t("device.asking")}</span>`;
  if (!devices.microphone) {
    const problem = devices.problems.microphone;
    return html`<button
        class="btn"
        data-dock="microphone"
        data-state="none"
        @click=${() => void devices.open("microphone")}
      >
        ${icon("mic-off")}${t("mic.choose")}
      </button>
      <span class="why" id="why">${problem ? t(`device.${problem}.short`) : t("mic.none")}</span>`;
  }
  const why = html`<span class="why" id="why">${t(`mic.${instead(room) ?? own.mic_reason}`)}</span>`;
  switch (own.mic_reason) {
    case "open":
      return html`<button
          class="btn live"
          data-dock="microphone"
          data-state="open"
          aria-pressed="true"
          aria-describedby="why"
          @click=${set("closed")}
        >
          ${icon("mic")}${t("mic.is_open")}</button
        >${why}`;
    case "yours":
      return html`<button
          class="btn ${own.my_turn || own.leads ? "" : "primary"}"
          data-dock="microphone"
          data-state="yours"
          aria-pressed="false"
          aria-describedby="why"
          @click=${set("open")}
        >
          ${icon("mic")}${t("mic.open_mine")}</button
        >${why}`;
    case "armed":
      return html`<button
          class="btn armed"
          data-dock="microphone"
          data-state="armed"
          aria-pressed="true"
          aria-describedby="why"
          @click=${set("closed")}
        >
          ${icon("mic")}${t("mic.is_armed")}</button
        >${why}`;
    default:
      return html`<button
          class="btn"
          data-dock="microphone"
          data-state="closed"
          aria-disabled="true"
          aria-describedby="why"
        >
          ${icon("lock")}${t("mic.is_closed")}</button
        >${why}`;
  }
}
