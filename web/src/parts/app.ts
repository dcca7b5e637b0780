/** The whole page: which screen, and in the room which arrangement. The arrangement follows what one does: listen, write, conduct. */
import { html, nothing, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { Announcer } from "../announcer";
import { Bells } from "../bells";
import { define, Part } from "../part";
import { alone } from "./screens";
import { banners } from "./banners";
import { cards } from "./cards";
import { connections } from "./connections";
import { dock } from "./dock";
import { frame } from "./frame";
import { icon } from "./icon";
import { balance, openJobs, remedies } from "./lead_cards";
import { moreGestures } from "./more_gestures";
import { endHolds, placeInTime } from "./place_in_time";
import { free, roleCard } from "./role_card";
import { asked, faces, stage, typed } from "./stage";
import { turns } from "./turns";
import { awaited, counts, trouble } from "./watch";
import { request, written } from "./written";
import type { Writable } from "../wire.gen";
import { t, text } from "../words";
import "./capture_form";
import "./clock";
import "./confirm";
import "./console";
import "./device_checks";
import "./lobby";
import "./mine";
import "./undo";
import "./writings";

/** `calm`: a care pause. `still`: the session is suspended, nothing is on stage. */
type Layout = "listening" | "writing" | "conducting" | "talking" | "calm" | "still";

class App extends Part {
  #announcer: Announcer | undefined;
  #bells: Bells | undefined;
  #atRole = false;

  override connectedCallback(): void {
    this.addEventListener("focusin", (event) => (this.#atRole = (event.target as Element).closest("#role, .ask, .frame") !== null));
    this.#announcer = new Announcer(this.room); // before this listens itself: it draws what the announcer says
    super.connectedCallback();
    this.#bells ??= new Bells(this.room);
  }

  protected override render(): TemplateResult {
    const room = this.room;
    const screen = alone(room);
    return html`<p class="visually-hidden" role="status" aria-live="polite">${this.#announcer?.words}</p>
      ${screen ?? (room.place === "lobby" ? this.#lobby() : this.#room())}`;
  }

  /** A gesture that was made has no button any more: the keyboard stays at the card that says what comes next. */
  protected override updated(): void {
    if (document.activeElement === document.body && this.#atRole)
      this.querySelector<HTMLElement>("#role")?.focus({ preventScroll: true });
  }

  #lobby(): TemplateResult {
    return html`<a class="skip" href="#enter">${t("skip.enter")}</a
      >${this.room.link === "lost" ? banners(this.room) : nothing}<co-lobby .room=${this.room}></co-lobby>`;
  }

  #room(): TemplateResult {
    const room = this.room;
    const layout = this.#layout();
    return html`<a class="skip" href="#role">${t("skip.role")}</a>
      <div class="app">
        <div class="head">
          <header class="top">
            <span class="brand">cosession</span><span class="wide">${room.common?.title}</span>
            ${room.rehearsal ? html`<span class="pill">${icon("clock")}${t("rehearsal")}</span>` : nothing}
            <span class="push"></span>${endHolds(room)}${this.#path()}<co-writings .room=${room}></co-writings>
          </header>
          ${placeInTime(room)} ${banners(room)}
        </div>
        <main class="room ${layout}">
          ${layout === "conducting" ? this.#conducting() : layout === "writing" ? this.#writing() : layout === "still" ? this.#still() : this.#talking()}
        </main>
        ${dock(room)}
      </div>`;
  }

  #layout(): Layout {
    const { own, common } = this.room;
    if (this.room.held("suspended")) return "still";
    if (own?.leads) return "conducting";
    if (this.room.held("care")) return "calm";
    if (common?.now?.floor === "silent_writing" && own && own.writable.length > 0) return "writing";
    return own?.mic_reason === "client_listens" && own.writable.length > 0 ? "listening" : "talking";
  }

  #talking(): TemplateResult {
    const room = this.room;
    return html`<section class="scene" aria-label=${t("stage.label")}>
        ${stage(room)}${asked(room)}${typed(room)}${faces(room)}
      </section>
      <div class="side">
        ${roleCard(room)}${cards(room)}${frame(room)}${request(room)}${this.#forms(room.own?.writable ?? [], false)}${written(room)}
      </div>`;
  }

  #writing(): TemplateResult {
    const room = this.room;
    return html`<section class="plan" aria-label=${t("write.label")}>
        ${request(room)}${this.#forms(room.own?.writable ?? [], false)}
      </section>
      <div class="side">${roleCard(room)}${cards(room)}${frame(room)}${faces(room, true)}${written(room)}</div>`;
  }

  #still(): TemplateResult {
    const room = this.room;
    return html`<div class="side">
      ${room.own?.leads ? html`<co-console .room=${room}></co-console>` : roleCard(room)}${cards(room)}${faces(room, true)}${room.own?.leads ? moreGestures(room) : nothing}
    </div>`;
  }

  #conducting(): TemplateResult {
    const room = this.room;
    return html`<section class="col seen" aria-label=${t("stage.label")}>${stage(room)}${faces(room)}</section>
      <section class="col conduct-col" aria-label=${t("console.label")}>
        <co-console .room=${room}></co-console>
        ${room.held("care") ? nothing : html`<div class="beside">${turns(room)}${this.#cues()}</div>`}
      </section>
      <section class="col watch" aria-label=${t("watch.label")}>
        ${cards(room)}${remedies(room)}${trouble(room)}${openJobs(room)}${awaited(room)}
        ${request(room)}${counts(room)}${this.#forms(room.own?.writable ?? [], false)}${written(room)}${balance(room)}${connections(room)}${moreGestures(room)}
      </section>`;
  }

  #cues(): TemplateResult | typeof nothing {
    const cues = this.room.own?.cues ?? [];
    if (cues.length === 0 || free(this.room)) return nothing;
    return html`<section class="cues">
      <h2>${t("console.cues")}</h2>
      ${cues.map((cue) => html`<p class="voice">${text(cue)}</p>`)}
    </section>`;
  }

  #forms(writable: Writable[], primary: boolean): TemplateResult | typeof nothing {
    if (writable.length === 0) return nothing;
    return html`<div class="forms">
      ${repeat(
        writable,
        (one) => one.spec.id,
        (one) => html`<co-capture-form .room=${this.room} .writable=${one} .primary=${primary}></co-capture-form>`,
      )}
    </div>`;
  }

  /** The connection, in everyday words, and only when there is something to say on a small screen. */
  #path(): TemplateResult | typeof nothing {
    const { link, media, quality } = this.room;
    if (link !== "up") return html`<span class="pill weak">${icon("away")}${t("path.lost")}</span>`;
    if (media.path === "connected" && (quality === "weak" || quality === "sound_only"))
      return html`<span class="pill weak">${icon(quality === "weak" ? "signal" : "speaker")}${t(`path.${quality}`)}</span>`;
    if (media.path === "connected")
      return html`<span class="pill good wide">${icon("signal-full")}${t("path.good")}</span>`;
    return html`<span class="pill weak">${icon("signal")}${t("path.media")}</span>`;
  }
}

define("co-app", App);
