/** The lobby: am I ready, when does it start, who is there, what am I today. One glance, one button. */
import { html, nothing, type TemplateResult } from "lit";
import { hasPeers } from "../capabilities";
import { Check, verdict } from "../check";
import { define, Part } from "../part";
import { office } from "../people";
import type { CheckRung } from "../wire.gen";
import { length, list, t, timeOfDay } from "../words";
import { cards, charterLines } from "./cards";
import { icon } from "./icon";
import { goingOn } from "./mine";
import { dot, picture } from "./picture";
import { prepared } from "./prepared";

class Lobby extends Part {
  protected override tick_ms = 1000;
  readonly #check = new Check(
    () => Promise.resolve(this.room.devices.microphone !== null),
    (works) => this.room.checked(works),
  );

  /** What brings sound here, as far as one quick look tells; undefined while it lasts, null if it could not be told. */
  #tried: CheckRung[] | null | undefined;
  #told = false;

  override connectedCallback(): void {
    super.connectedCallback();
    void this.#try();
  }

  /** Before it is said that all is ready: does sound get through at all? */
  async #try(): Promise<void> {
    this.#tried = await this.#check.anyMedia(this.room.carrier);
    this.requestUpdate();
  }

  /** Whoever leads is told, too, once it is known whether there is a microphone; a whole check says it better. */
  protected override updated(): void {
    const { devices, link } = this.room;
    if (!this.#tried || this.#told || this.#check.over || devices.asking.size > 0 || link !== "up") return;
    this.#told = true;
    this.room.checked(devices.microphone ? [...this.#tried, "microphone"] : this.#tried);
  }

  override disconnectedCallback(): void {
    this.#check.stop();
    super.disconnectedCallback();
  }

  protected override render(): TemplateResult {
    const { common, own, boot, me, rehearsal } = this.room;
    if (!common || !own || !me) return html``;
    return html`<div class="lobby">
      <header class="top">
        <span class="brand">cosession</span
        ><span class="wide">${common.title}</span
        >${rehearsal ? html`<span class="pill">${icon("clock")}${t("rehearsal")}</span>` : nothing}
      </header>
      <main>
        <section class="welcome" aria-labelledby="hello">
          <h1 id="hello">${t("lobby.hello", { name: me.name })}</h1>
          <p class="when">${this.#when()}</p>
        </section>
        <section class="mirror" aria-labelledby="mirror-h">
          <h2 id="mirror-h" class="visually-hidden">${t("lobby.devices")}</h2>
          <figure class="tile">
            ${picture(this.room, boot.seat)}
            <figcaption>${t("seat.you")} <span>${t("lobby.as_seen")}</span></figcaption>
          </figure>
          <co-device-checks .room=${this.room}></co-device-checks>
          <co-network-check
            .check=${this.#check}
            .backup_line=${boot.backup_line}
            .heading=${t("check.lobby")}
          ></co-network-check>
          <p><a href="/s/${boot.session}/${boot.seat}/plan" target="_blank">${t("lobby.plan")}</a></p>
        </section>
        <div class="aside">
          ${this.#enter()} ${cards(this.room)} ${this.#there()} ${prepared(this.room)}
          <section class="card plain"><co-forms class="forms" .room=${this.room}></co-forms></section>
        </div>
        ${
          common.charter.length > 0
            ? html`<section class="charter" aria-labelledby="charter-h">
                <h2 id="charter-h">${t("charter.title")}</h2>
                ${charterLines(this.room)}
              </section>`
            : nothing
        }
      </main>
    </div>`;
  }

  #when(): TemplateResult {
    const { common } = this.room;
    if (!common) return html``;
    const end = t("lobby.end", { time: timeOfDay(this.room.wall(common.ends_at_ms)) });
    const at = timeOfDay(this.room.wall(common.starts_at_ms));
    const left_ms = common.starts_at_ms - this.room.now();
    if (common.status === "running") return html`<strong>${t("lobby.running")}</strong> ${end}`;
    if (left_ms <= 0) return html`<strong>${t("lobby.any_moment")}</strong> ${end}`;
    const rounded = left_ms > 120_000 ? Math.ceil(left_ms / 60_000) * 60_000 : left_ms;
    return html`${t("lobby.starts")}
      <strong>${t("lobby.in", { time: left_ms > 3_600_000 ? longer(left_ms) : length(rounded) })}</strong
      >${t("lobby.at", { time: at })} <span class="nowrap">${end}</span>`;
  }

  /** Ready or not, in four words; and the way in that fits. */
  #enter(): TemplateResult {
    const { devices, common, own, boot } = this.room;
    const asking = devices.asking.size > 0;
    const [camera, microphone] = [devices.camera !== null, devices.microphone !== null];
    const ready =
      camera && microphone
        ? "ready"
        : asking
          ? "asking"
          : microphone
            ? "no_camera"
            : camera
              ? "no_microphone"
              : "neither";
    const without = (kinds: ("camera" | "microphone")[]) => (): void => {
      for (const kind of kinds) devices.close(kind);
      this.room.enter();
    };
    const first = common?.phases.find((phase) => phase.client)?.client ?? null;
    return html`<section class="card enter" id="enter" aria-labelledby="enter-h" tabindex="-1">
      <h2 id="enter-h" class="visually-hidden">${t("lobby.enter")}</h2>
      <p class="do" role="status">${this.#verdict(ready)}</p>
      ${this.#closed && boot.backup_line ? html`<p><strong>${t("check.backup", { line: boot.backup_line })}</strong></p>` : nothing}
      <p class="dim">
        ${first ? t("today.rotates", { name: this.room.name(first) }) : t(`today.${own?.role}`, { name: common?.client ? this.room.name(common.client) : "" })}${own && own.jobs.length > 0 ? ` ${t("today.jobs", { jobs: list(own.jobs.map((job) => t(`job.${job}`))) })}` : ""}
        ${t("lobby.closed_at_first")}
      </p>
      ${own?.role === "client" && common?.conducted ? goingOn(this) : nothing}
      <button class="btn primary big" data-gesture="enter" @click=${() => this.room.enter()}>
        ${icon("next")}${t("lobby.enter")}
      </button>
      ${
        camera || microphone
          ? html`<div class="btns">
              ${camera ? html`<button class="btn bare small" @click=${without(["camera"])}>${t("lobby.without_camera")}</button>` : nothing}
              ${microphone ? html`<button class="btn bare small" @click=${without(["microphone"])}>${t("lobby.without_microphone")}</button>` : nothing}
            </div>`
          : nothing
      }
    </section>`;
  }

  /** Neither sound nor picture gets through, as far as was tried. */
  get #closed(): boolean {
    if (this.#check.over) return this.#check.hopeless;
    return this.#tried != null && verdict(this.#tried) === "no_media";
  }

  #verdict(ready: string): string {
    if (this.#check.hopeless) return t(`check.verdict.${this.#check.verdict}`);
    if (this.#closed) return hasPeers() ? t("check.verdict.no_media") : t("lobby.no_peers");
    if (verdict(this.#check.over ? this.#check.works : (this.#tried ?? [])) === "sound")
      return t("check.verdict.sound");
    const trying = ready !== "asking" && this.#tried === undefined && !this.#check.over;
    return trying ? t("lobby.trying") : t(`lobby.${ready}`);
  }

  #there(): TemplateResult {
    const seats = this.room.common?.seats ?? [];
    const here = seats.filter(
      (seat) => seat.presence !== "absent" || this.room.waiting.has(seat.id) || this.room.isMe(seat.id),
    );
    const awaited = seats
      .filter((seat) => !here.includes(seat))
      .map((seat) => (office(seat) ? t("lobby.with_office", { name: seat.name, office: office(seat) }) : seat.name));
    return html`<section class="there" aria-labelledby="there-h">
      <h2 id="there-h">
        ${t("lobby.there")} <span class="faint">${t("lobby.of", { n: here.length, total: seats.length })}</span>
      </h2>
      <ul class="order">
        ${here.map(
          (seat) =>
            html`<li>
              ${dot(this.room, seat.id)}<span
                >${this.room.name(seat.id)} <span class="faint">${office(seat)}</span></span
              >
            </li>`,
        )}
      </ul>
      ${awaited.length > 0 ? html`<p class="faint">${t("lobby.awaited", { names: list(awaited) })}</p>` : nothing}
    </section>`;
  }
}

/** Hours and minutes, or days, for a start that is far. */
function longer(ms: number): string {
  const hours = Math.floor(ms / 3_600_000);
  return hours >= 48
    ? t("time.days", { count: Math.floor(hours / 24) })
    : t("time.hours", { hours, minutes: String(Math.floor((ms % 3_600_000) / 60_000)).padStart(2, "0") });
}

define("co-lobby", Lobby);
