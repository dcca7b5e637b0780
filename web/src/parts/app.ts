/** The whole page: which screen, and in the room which arrangement. The arrangement follows what one does: listen, write, conduct. */
import { html, nothing, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { Announcer } from "../announcer";
import { Bells } from "../bells";
import { Caller } from "../caller";
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
import { prepared } from "./prepared";
import { free, roleCard } from "./role_card";
import { asked, faces, stage, typed } from "./stage";
import { turns } from "./turns";
import { awaited, counts, trouble } from "./watch";
import { request, written } from "./written";
import { t, text } from "../words";
import "./clock";
import "./confirm";
import "./console";
import "./device_checks";
import "./forms";
import "./lobby";
import "./mine";
import "./network_check";
import "./undo";
import "./writings";

/** `calm`: a care pause. `still`: the session is suspended, nothing is on stage. `ended`: it is over, and a sentence is finished. */
type Layout = "listening" | "writing" | "conducting" | "talking" | "calm" | "still" | "ended";

/** An arrangement around the one column in which one writes: what stands before and after that, and around it in the column. */
interface Arrangement {
  before?: TemplateResult;
  column: string;
  label?: string;
  head: TemplateResult;
  tail?: TemplateResult;
  after?: TemplateResult;
}

class App extends Part {
  #announcer: Announcer | undefined;
  /** What follows the room for as long as the page lives. */
  #beside: readonly object[] | undefined;
  #atRole = false;
  /** Whether the focus was last in something that one writes. */
  #wrote = false;
  #finishing = false;

  override connectedCallback(): void {
    this.addEventListener("focusin", (event) => {
      const at = event.target as Element;
      this.#atRole = at.closest("#role, .ask, .frame") !== null;
      this.#wrote = at.closest("[data-text]") !== null;
    });
    this.addEventListener("pointerdown", () => (this.#wrote = false));
    this.#announcer = new Announcer(this.room); // before this listens itself: it draws what the announcer says
    super.connectedCallback();
    if (!this.#beside) this.#beside = [new Bells(this.room), new Caller(this.room)];
  }

  protected override render(): TemplateResult {
    const room = this.room;
    this.#finishing = this.#finishes();
    const screen = this.#finishing ? null : alone(room);
    return html`<div class="visually-hidden" role="log" aria-live="polite">
        ${repeat(
          this.#announcer?.said ?? [],
          ({ id }) => id,
          ({ words }) => html`<p>${words}</p>`,
        )}
      </div>
      ${screen ?? (room.place === "lobby" ? this.#lobby() : this.#room())}`;
  }

  /** After the close the room stays as long as a sentence is being finished in it. */
  #finishes(): boolean {
    const { common, own, texts, link, place } = this.room;
    if (common?.status !== "closed" || place !== "room" || !(link === "up" || link === "lost" || link === "connecting"))
      return false;
    const open = own?.writable.some((one) => one.closes !== null) ?? false;
    return open || (texts.unfinished && this.querySelector(".room") !== null);
  }

  /** A gesture that was made has no button any more: the keyboard stays at the card that says what comes next. Where one wrote, it
   * goes to what says what became of that. */
  protected override updated(): void {
    if (document.activeElement !== document.body) return;
    if (this.#wrote)
      this.querySelector<HTMLElement>(".screen h1, .fate:not(:empty), #role")?.focus({ preventScroll: true });
    else if (this.#atRole) this.querySelector<HTMLElement>("#role")?.focus({ preventScroll: true });
  }

  #lobby(): TemplateResult {
    return html`<a class="skip" href="#enter">${t("skip.enter")}</a
      >${this.room.link === "lost" || this.room.outdated || this.room.lacks.length > 0 ? banners(this.room) : nothing}<co-lobby
        .room=${this.room}
      ></co-lobby>`;
  }

  #room(): TemplateResult {
    const room = this.room;
    const layout = this.#layout();
    const place = this.#arrangement(layout);
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
          ${place.before}
          <section class=${place.column} aria-label=${place.label ?? nothing}>
            <co-typed-turn .room=${room}></co-typed-turn>
            ${place.head}<co-forms class="forms" .room=${room} .only_late=${layout === "ended"}></co-forms>${place.tail}
          </section>
          ${place.after}
        </main>
        ${dock(room)}
      </div>
      <co-seat-gestures .room=${room}></co-seat-gestures><co-charter-wording .room=${room}></co-charter-wording>`;
  }

  #arrangement(layout: Layout): Arrangement {
    switch (layout) {
      case "conducting":
        return this.#conducting();
      case "writing":
        return this.#writing();
      case "still":
        return this.#still();
      case "ended":
        return {
          column: "side",
          head: html`<section class="card">
            <h2>${t("text.ended")}</h2>
            <p>${t("text.ended_what")}</p>
          </section>`,
        };
      default:
        return this.#talking();
    }
  }

  #layout(): Layout {
    const { own, common } = this.room;
    if (this.#finishing) return "ended";
    if (this.room.held("suspended")) return "still";
    if (own?.leads) return "conducting";
    if (this.room.held("care")) return "calm";
    if (common?.now?.floor === "silent_writing" && own && own.writable.length > 0) return "writing";
    return own?.mic_reason === "client_listens" && own.writable.length > 0 ? "listening" : "talking";
  }

  #talking(): Arrangement {
    const room = this.room;
    return {
      before: html`<section class="scene" aria-label=${t("stage.label")}>
        ${stage(room)}${asked(room)}${typed(room)}${faces(room)}
      </section>`,
      column: "side",
      head: html`${roleCard(room)}${cards(room)}${frame(room)}${request(room)}`,
      tail: html`${written(room)}`,
    };
  }

  #writing(): Arrangement {
    const room = this.room;
    return {
      column: "plan",
      label: t("write.label"),
      head: html`${request(room)}`,
      after: html`<div class="side">
        ${roleCard(room)}${cards(room)}${frame(room)}${faces(room, true)}${written(room)}
      </div>`,
    };
  }

  #still(): Arrangement {
    const room = this.room;
    return {
      column: "side",
      head: html`${room.own?.leads ? html`<co-console .room=${room}></co-console>` : roleCard(room)}${cards(room)}${faces(room, true)}`,
      tail: html`${room.own?.leads ? moreGestures(room) : nothing}`,
    };
  }

  #conducting(): Arrangement {
    const room = this.room;
    return {
      before: html`<section class="col seen" aria-label=${t("stage.label")}>${stage(room)}${faces(room)}</section>
        <section class="col conduct-col" aria-label=${t("console.label")}>
          <co-console .room=${room}></co-console>
          ${room.held("care") ? nothing : html`<div class="beside">${turns(room)}${this.#cues()}</div>`}
        </section>`,
      column: "col watch",
      label: t("watch.label"),
      head: html`${cards(room)}${remedies(room)}${trouble(room)}${openJobs(room)}${awaited(room)}${prepared(room)}${request(room)}${counts(room)}`,
      tail: html`${written(room)}${balance(room)}${connections(room)}${moreGestures(room)}`,
    };
  }

  #cues(): TemplateResult | typeof nothing {
    const cues = this.room.own?.cues ?? [];
    if (cues.length === 0 || free(this.room)) return nothing;
    return html`<section class="cues">
      <h2>${t("console.cues")}</h2>
      ${cues.map((cue) => html`<p class="voice">${text(cue)}</p>`)}
    </section>`;
  }

  /** The connection, in everyday words, and only when there is something to say on a small screen. */
  #path(): TemplateResult | typeof nothing {
    const { link, media, quality } = this.room;
    if (link !== "up") return html`<span class="pill weak">${icon("away")}${t("path.lost")}</span>`;
    if (media.rung === "socket")
      return html`<span class="pill weak" data-rung="socket">${icon("speaker")}${t("path.socket")}</span>`;
    if (media.path === "connected" && (quality === "weak" || quality === "sound_only"))
      return html`<span class="pill weak"
        >${icon(quality === "weak" ? "signal" : "speaker")}${t(`path.${quality}`)}</span
      >`;
    if (media.path === "connected")
      return html`<span class="pill good wide">${icon("signal-full")}${t("path.good")}</span>`;
    return html`<span class="pill weak">${icon("signal")}${t("path.media")}</span>`;
  }
}

define("co-app", App);
