/** Picture, microphone, loudspeaker: choose, try, and read at once whether it works; a refusal says what to do. */
import { html, nothing, type TemplateResult } from "lit";
import { define, Part } from "../part";
import { Sheet } from "../sheet";
import type { Kind } from "../devices";
import { meter, tone } from "../meter";
import { t } from "../words";
import { icon } from "./icon";

class DeviceChecks extends Part {
  #stop: (() => void) | undefined;
  #measured: MediaStreamTrack | null = null;
  #heard = false;
  #sounding = false;

  override disconnectedCallback(): void {
    this.#silence(null);
    super.disconnectedCallback();
  }

  protected override render(): TemplateResult {
    const { devices } = this.room;
    return html`<ul class="checks">
      <li>
        <h3>${icon("cam")}${t("device.picture")}</h3>
        ${this.#choice("camera", "videoinput", t("device.camera"))}${this.#standing("camera", t("device.seen"))}
      </li>
      <li>
        <h3>${icon("mic")}${t("device.sound")}</h3>
        ${this.#choice("microphone", "audioinput", t("device.microphone"))}${this.#standing("microphone", t(this.#heard ? "device.heard" : "device.say_something"))}
        ${devices.microphone ? html`<div class="vu" role="img" aria-label=${t("device.level")}></div>` : nothing}
      </li>
      <li>
        <h3>${icon("speaker")}${t("device.listening")}</h3>
        ${this.#choice("speaker", "audiooutput", t("device.speaker"))}
        <button class="btn small" ?disabled=${this.#sounding} @click=${() => void this.#tone()}>
          ${t("device.play")}
        </button>
      </li>
    </ul>`;
  }

  protected override updated(): void {
    const track = this.room.devices.microphone;
    if (!this.isConnected || track === this.#measured) return;
    this.#silence(track);
    const bar = this.querySelector<HTMLElement>(".vu");
    if (!track || !bar) return;
    const { devices } = this.room;
    const listening = devices.copy(); // the meter goes on while the room keeps the microphone closed
    if (!listening) return;
    listening.enabled = true;
    const stop = meter(listening, (level) => {
      bar.style.setProperty("--level", level.toFixed(2));
      if (level > 0.35 && !this.#heard) {
        this.#heard = true;
        this.requestUpdate();
      }
    });
    this.#stop = () => {
      stop();
      devices.end(listening);
    };
  }

  #silence(next: MediaStreamTrack | null): void {
    this.#stop?.();
    this.#stop = undefined;
    this.#measured = next;
  }

  #choice(kind: Kind | "speaker", wanted: MediaDeviceKind, label: string): TemplateResult {
    const { devices } = this.room;
    const found = devices.available.filter((device) => device.kind === wanted && device.deviceId);
    const current =
      kind === "speaker" ? devices.chosen(kind) : (devices[kind]?.getSettings().deviceId ?? devices.chosen(kind));
    const off = kind !== "speaker" && devices[kind] === null;
    const change = (event: Event): void => this.#choose(kind, (event.target as HTMLSelectElement).value);
    return html`<select class="input" aria-label=${label} @change=${change}>
      ${off ? html`<option value="" selected>${t(`device.without_${kind}`)}</option>` : nothing}
      ${!off && found.length === 0 ? html`<option value="">${t("device.default")}</option>` : nothing}
      ${found.map((device, index) => html`<option value=${device.deviceId} ?selected=${!off && device.deviceId === current}>${device.label || `${label} ${index + 1}`}</option>`)}
      ${!off && kind !== "speaker" ? html`<option value="none">${t(`device.without_${kind}`)}</option>` : nothing}
    </select>`;
  }

  #choose(kind: Kind | "speaker", id: string): void {
    const { devices, media } = this.room;
    if (kind !== "speaker" && id === "none") {
      devices.close(kind);
      return;
    }
    devices.choose(kind, id);
    if (kind === "speaker") void media.route(id);
    else void devices.open(kind);
  }

  #standing(kind: Kind, good: string): TemplateResult {
    const { devices } = this.room;
    const problem = devices.problems[kind];
    if (problem) {
      return html`<div class="help" role="group">
        <p><strong>${t(`device.${problem}.short`)}</strong> ${t(`device.${problem}`)}</p>
        <button class="btn small" @click=${() => void devices.open(kind)}>${t("device.again")}</button>
      </div>`;
    }
    if (devices.asking.has(kind)) return html`<span class="state dim">${t("device.asking")}</span>`;
    if (!devices[kind])
      return html`<button class="btn small" @click=${() => void devices.open(kind)}>
        ${t(`device.open_${kind}`)}
      </button>`;
    const waiting = kind === "microphone" && !this.#heard;
    return html`<span class="state ${waiting ? "dim" : ""}">${waiting ? nothing : icon("check")}${good}</span>`;
  }

  async #tone(): Promise<void> {
    this.#sounding = true;
    this.requestUpdate();
    await tone(this.room.devices.chosen("speaker"));
    this.#sounding = false;
    this.requestUpdate();
  }
}

/** The same in the room, behind a button. */
class Settings extends Sheet {
  protected override render(): TemplateResult {
    return html`<button class="btn bare" aria-label=${t("settings")} title=${t("settings")} @click=${() => this.show()}>
        ${icon("tune")}<span class="wide">${t("settings")}</span>
      </button>
      ${this.sheet("settings-h", t("settings"), () => html`<co-device-checks .room=${this.room}></co-device-checks>`)}`;
  }
}

define("co-device-checks", DeviceChecks);
define("co-settings", Settings);
