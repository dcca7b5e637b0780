/**
 * What this page knows of the room: the newest view, and what is fleeting beside it. Messages come in, screens are told
 * that something changed; no screen talks to the socket past this.
 */
import { lacks, type Lack } from "./capabilities";
import { claimTab, Connection, type Link } from "./connection";
import type { Carrier } from "./transport";
import { Devices } from "./devices";
import { Media } from "./media";
import { later, now_ms, often, type Moment } from "./moments";
import { Outbox, type Answer } from "./outbox";
import { ServerClock } from "./server_clock";
import { inThisTab } from "./storage";
import type {
  Boot,
  CheckRung,
  ClockAnchor,
  Common,
  Console,
  Countdown,
  HoldCause,
  Note,
  Own,
  PhaseView,
  Quality,
  SeatCommand,
  SeatView,
  SendNote,
  ServerMessage,
  Way,
} from "./wire.gen";
import { Texts } from "./texts";
import { addressAs, t, text } from "./words";

/** Where nothing comes back by itself (see `Link`). */
const GONE: readonly Link[] = ["moved", "revoked", "unknown", "signed_out"];

/** Not welcomed for so long, it is no moment's break any more: the network or a proxy is in between. */
const STUCK_MS = 15_000;
/** So much quiet, and a page of another build loads itself again. */
const QUIET_MS = 5000;
/** In this tab: the page has loaded itself anew, and is the same page to everybody. */
const RELOADED = "reloaded";

export type Place = "lobby" | "room" | "left";

export class Room {
  common: Common | null = null;
  console: Console | null = null;
  own: Own | null = null;
  pictures = new Set<string>();
  /** Who is in the lobby, not yet in the room. */
  waiting = new Set<string>();
  levels: Record<string, number> = {};
  /** How well each seat is connected, while this page leads. */
  ways: Record<string, Way> = {};
  /** What worked in each seat's last check of its network, while this page leads; null: not told. */
  checks: Record<string, CheckRung[]> | null = null;
  /** How well this page is connected; null: not known. */
  quality: Quality | null = null;
  link: Link = "connecting";
  place: Place;
  /** A plain sentence about what was just refused, until the next gesture. */
  notice = "";
  /** A plain sentence about what was just done, for a moment. */
  done = "";
  /** Private notes that were read by nobody else and not yet put away. */
  notes: Note[] = [];
  /** The server came back knowing less than this page had seen. */
  behind = false;
  rehearsal: boolean;
  /** Not welcomed for so long that there is more to say than "one moment". */
  stuck = false;
  /** The server has newer pages than this one. */
  outdated = false;
  /** On the way to a reload of its own: nobody need be asked. */
  reloading = false;
  readonly lacks: readonly Lack[] = lacks();
  readonly devices: Devices;
  readonly media: Media;
  readonly outbox: Outbox;
  readonly texts: Texts;
  readonly #connection: Connection;
  readonly #clock = new ServerClock();
  readonly #listeners = new Set<() => void>();
  #anchor: ClockAnchor | null = null;
  #seen: [number, string] | null = null;
  /** The other seats, in the order of their slots; null before the first welcome. */
  #others: string[] | null = null;
  #fresh: boolean;
  #patience: Moment | undefined;
  #busy_at = 0;
  /** Whether camera, microphone and media connection serve somebody (see `#serve`). */
  #needed = false;
  #in_sight = true;
  #quiet: number | undefined;
  #unmeasured: number | undefined;
  #settled: number | undefined;
  #putAway = new Set<string>();

  constructor(readonly boot: Boot) {
    this.rehearsal = boot.rehearsal;
    this.place = inThisTab.get(`place.${boot.session}.${boot.seat}`) === "room" ? "room" : "lobby";
    this.#fresh = inThisTab.get(RELOADED) === null;
    inThisTab.remove(RELOADED);
    const changed = (): void => this.changed();
    this.#connection = new Connection(
      { socket: boot.socket, events: boot.events },
      {
        message: (message) => this.#message(message),
        link: (link) => this.#linked(link),
        hello: () => ({
          place: this.place === "room" ? "room" : "lobby",
          fresh: this.#fresh,
          seen: this.#seen,
          build: boot.build,
        }),
      },
    );
    this.outbox = new Outbox(
      (message) => this.link === "up" && this.#connection.send(message),
      `drafts.${boot.session}.${boot.seat}`,
      changed,
    );
    this.texts = new Texts(this.outbox, `texts.${boot.session}.${boot.seat}`, changed);
    this.devices = new Devices(() => {
      void this.media.devicesChanged();
      this.changed();
    });
    this.media = new Media(
      this.devices,
      (message) => this.link === "up" && this.#connection.send(message),
      () => this.#connection.hears,
      changed,
      boot.sound,
    );
    setInterval(() => this.#ping(), 10_000);
    often(() => this.#renew());
    addEventListener("pagehide", () => this.#shown(false));
    addEventListener("pageshow", () => this.#shown(true));
  }

  start(): void {
    this.#wait();
    this.#serve();
    void claimTab().then(() => this.#connection.open());
  }

  /** From the lobby into the room: a new connection that says so. */
  enter(): void {
    this.place = "room";
    this.#fresh = true;
    inThisTab.set(`place.${this.boot.session}.${this.boot.seat}`, "room");
    this.#connection.open();
    this.#serve();
    if (this.#others && this.#needed) this.media.begin(this.#others);
    void this.media.unsilence();
    this.changed();
  }

  /** Leave; the seat is kept, and the page says how to come back. */
  leave(): void {
    this.place = "left";
    inThisTab.remove(`place.${this.boot.session}.${this.boot.seat}`);
    this.#connection.close();
    this.#serve();
    this.changed();
  }

  /** Take the seat back to this page, after it was opened elsewhere; or try again now. */
  /** Too much came from here: the server wants a pause. */
  /** What carries the wire: a WebSocket, or events and POST. */
  get carrier(): Carrier {
    return this.#connection.carrier;
  }

  get turned_away(): boolean {
    return this.#connection.turned_away;
  }

  comeBack(): void {
    if (this.link === "lost") this.#connection.hurry();
    else this.#connection.open();
  }

  /** Ask for something; a refusal is said in plain words, and returned. */
  async ask(command: SeatCommand): Promise<Answer> {
    this.#unsay();
    const answer = await this.outbox.ask(command);
    if (!answer.ok && answer.code !== "already") this.notice = t(`refused.${answer.code}`);
    this.changed();
    return answer;
  }

  /** The same, and where it was accepted it is said that it was: what only a few see has no other sign. */
  async askAndSay(command: SeatCommand, words: string): Promise<void> {
    if ((await this.ask(command)).ok) this.say(words);
  }

  /** Pass a private note; a refusal is said in plain words. */
  async tell(note: Omit<SendNote, "type" | "id">): Promise<boolean> {
    this.#unsay();
    const answer = await this.outbox.note(note);
    if (answer.ok) this.say(t("note.sent"));
    else this.notice = t(`refused.${answer.code}`);
    this.changed();
    return answer.ok;
  }

  /** Have what I wrote as a client who withdrew erased for good. */
  async eraseWithdrawn(): Promise<void> {
    const headers = { "content-type": "application/json", accept: "application/json" };
    const answer = await fetch(this.boot.withdrawn, { method: "POST", headers, body: '{"sure":"yes"}' }).catch(
      () => null,
    );
    this.say(t(answer?.ok ? "withdrawn.erased" : "withdrawn.failed"));
  }

  /** This page has checked its network: whoever leads is told what works. */
  checked(works: CheckRung[]): void {
    if (this.link === "up") this.#connection.send({ type: "network_check", works });
  }

  /** Another gesture is made: what was refused before is over, and the same refusal would be news. */
  #unsay(): void {
    this.notice = "";
    this.changed();
  }

  /** Show and read aloud a sentence for a moment; the same one once more is read once more. */
  say(words: string): void {
    this.done = "";
    this.changed();
    this.done = words;
    clearTimeout(this.#settled);
    this.#settled = window.setTimeout(() => {
      this.done = "";
      this.changed();
    }, 8000);
    this.changed();
  }

  /** Put away something that was shown to be known once. */
  putAway(what: string): void {
    this.#putAway.add(what);
    this.notes = this.notes.filter((note) => note.id !== what);
    this.changed();
  }

  isAway(what: string): boolean {
    return this.#putAway.has(what);
  }

  /** Whether the clock stands for this cause. */
  held(cause: HoldCause): boolean {
    return this.common?.now?.holds.includes(cause) ?? false;
  }

  /** Whether the clock stands, for whatever cause. */
  get standing(): boolean {
    return (this.common?.now?.holds.length ?? 0) > 0;
  }

  /** Whether the clock waits for oneself as client: here, and not heard. */
  get unheard(): boolean {
    return this.held("client_absent") && this.isMe(this.common?.client ?? null);
  }

  may(command: SeatCommand["type"]): boolean {
    return this.own?.may.includes(command) ?? false;
  }

  listen(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  changed(): void {
    for (const listener of this.#listeners) listener();
  }

  seat(id: string): SeatView | undefined {
    return this.common?.seats.find((seat) => seat.id === id);
  }

  get me(): SeatView | undefined {
    return this.seat(this.boot.seat);
  }

  isMe(id: string | null): boolean {
    return id === this.boot.seat;
  }

  /** The name of a seat; "you" for one's own. */
  name(id: string): string {
    return this.isMe(id) ? t("seat.you") : (this.seat(id)?.name ?? t("seat.erased"));
  }

  get phase(): PhaseView | undefined {
    return this.common?.phases.find((phase) => phase.key === this.common?.now?.phase);
  }

  get nextPhase(): PhaseView | undefined {
    const phases = this.common?.phases ?? [];
    const index = phases.findIndex((phase) => phase.status === "now");
    return phases.slice(index + 1).find((phase) => phase.status === "coming");
  }

  phaseTitle(key: string): string {
    const phase = this.common?.phases.find((one) => one.key === key || one.id === key);
    return phase ? text(phase.title) : key;
  }

  /** Session time now, in milliseconds of script time. */
  now(): number {
    const anchor = this.#anchor;
    return anchor ? anchor.session_ms + (this.#clock.now() - anchor.server_ms) * anchor.speed : 0;
  }

  /** What a countdown has left now, in milliseconds of script time; negative when over. */
  left({ left_ms, at_ms, running }: Countdown): number {
    return running ? left_ms - (this.now() - at_ms) : left_ms;
  }

  /** The time of day at a moment of session time, in milliseconds since 1970. */
  wall(session_ms: number): number {
    const anchor = this.#anchor;
    return anchor ? anchor.wall_ms + (session_ms - anchor.session_ms) / anchor.speed : 0;
  }

  /** The moment of session time at a time of day in milliseconds since 1970. */
  sessionTime(wall_ms: number): number {
    const anchor = this.#anchor;
    return anchor ? Math.round(anchor.session_ms + (wall_ms - anchor.wall_ms) * anchor.speed) : 0;
  }

  #message(message: ServerMessage): void {
    if (this.outbox.answered(message)) return;
    switch (message.type) {
      case "welcome":
        this.rehearsal = message.rehearsal;
        this.outdated = message.build !== "" && message.build !== this.boot.build;
        this.behind ||= message.behind;
        this.#clock.restart();
        for (let n = 0; n < 8; n += 1) setTimeout(() => this.#ping(), n * 120);
        this.outbox.resend();
        this.media.everybody = message.seats;
        this.#others = message.seats.filter((seat) => seat !== message.seat);
        this.media.useRelays(message.ice_servers);
        if (this.place === "room") {
          this.#fresh = false;
          if (this.#needed) this.media.welcomed(this.#others);
        }
        break;
      case "view": {
        this.#anchor = message.clock;
        this.#clock.guess(message.clock);
        this.#seen = [message.seq, message.hash];
        const phone = this.me?.phone;
        this.common = message.common ?? this.common;
        if (this.common) addressAs(this.common.formality);
        this.console = message.console;
        if (!this.console) this.ways = {};
        this.own = message.own;
        if (phone !== undefined && this.me && phone !== this.me.phone)
          this.say(t(this.me.phone ? "phone.began" : "phone.ended"));
        this.#serve();
        this.media.hearable(message.own.may_be_heard && this.me?.microphone === "open");
        break;
      }
      case "ice_servers":
        this.media.useRelays(message.ice_servers);
        return;
      case "media_answer":
        this.media.answered(message);
        return;
      case "direction":
        this.media.direct(message);
        return;
      case "media_down":
        this.media.down();
        return;
      case "pictures":
        this.pictures = new Set(message.seats);
        break;
      case "waiting":
        this.waiting = new Set(message.seats);
        break;
      case "levels":
        this.levels = message.levels;
        clearTimeout(this.#quiet);
        this.#quiet = window.setTimeout(() => {
          this.levels = {};
          this.changed();
        }, 800);
        break;
      case "ways":
        this.ways = message.ways;
        this.#measured();
        break;
      case "own_way":
        this.quality = message.quality;
        this.#measured();
        break;
      case "checks":
        this.checks = message.works;
        break;
      case "note":
        if (!this.isAway(message.id) && !this.notes.some((note) => note.id === message.id))
          this.notes = [...this.notes, message].slice(-3);
        break;
      case "clock_pong":
        this.#clock.pong(message);
        return;
      case "error":
        // An offer that was given up meanwhile is nobody's concern; how the media are is said elsewhere.
        if (!this.media.refused(message) && message.code !== "media_down" && message.code !== "offer_refused")
          this.notice = t(`refused.${message.code}`);
        break;
      default:
        return;
    }
    this.changed();
  }

  #linked(link: Link): void {
    this.link = link;
    this.#wait();
    this.#serve();
    if (link !== "up") {
      this.levels = {};
      this.#unmeasure();
    }
    this.changed();
  }

  /** Camera, microphone and media connection are there for as long as they serve somebody: not after the close or while the
   * session is suspended, not for a seat that was left, moved or taken away, not behind a page that one has gone from. */
  #serve(): void {
    const gone = this.place === "left" || GONE.includes(this.link);
    const needed = this.#in_sight && !gone && this.common?.status !== "closed" && !this.held("suspended");
    if (needed === this.#needed) return;
    this.#needed = needed;
    if (!needed) {
      this.media.close();
      this.devices.release();
      return;
    }
    this.devices.begin();
    if (this.place === "room" && this.link === "up" && this.#others) this.media.welcomed(this.#others);
  }

  /** From a break on, patience runs out once. */
  #wait(): void {
    const waits = (this.link === "lost" || this.link === "connecting") && this.place !== "left";
    if (waits && this.#patience) return;
    this.#patience?.cancel();
    this.#patience = undefined;
    this.stuck = false;
    if (!waits) return;
    this.#patience = later(STUCK_MS, () => {
      this.stuck = true;
      this.changed();
    });
  }

  /** Whether this page cannot go and come back without somebody's loss: somebody writes, speaks, has a turn or looks at what a
   * reload would close, or something is unanswered. */
  get #needed_as_it_is(): boolean {
    const { common, own, devices } = this;
    const speaks = own?.my_turn === true || (own?.may_be_heard === true && this.me?.microphone === "open");
    const listens = this.place === "room" && (common?.floor.turn != null || common?.floor.holder != null);
    const looks = document.querySelector("dialog[open], section.preview") !== null;
    return this.texts.unfinished || !this.outbox.empty || devices.asking.size > 0 || speaks || listens || looks;
  }

  /** A page of another build loads itself again at a quiet moment; once for each build, whatever comes. */
  #renew(): void {
    if (!this.outdated || this.link !== "up") return;
    if (this.#needed_as_it_is) this.#busy_at = now_ms();
    const once = `renewed.${this.boot.build}`;
    if (now_ms() - this.#busy_at < QUIET_MS || inThisTab.get(once) !== null) return;
    inThisTab.set(once, "1");
    this.reload();
  }

  /** Load this page anew; place, texts and microphone stay as they are. */
  reload(): void {
    inThisTab.set(RELOADED, "1");
    this.reloading = true;
    this.changed();
    location.reload();
  }

  #shown(shown: boolean): void {
    this.#in_sight = shown;
    this.#serve();
  }

  /** Figures come every two seconds; without any for a while nothing is known any more. */
  #measured(): void {
    clearTimeout(this.#unmeasured);
    this.#unmeasured = window.setTimeout(() => {
      this.#unmeasure();
      this.changed();
    }, 7000);
  }

  #unmeasure(): void {
    this.ways = {};
    this.quality = null;
  }

  #ping(): void {
    this.#connection.send({ type: "clock_ping", sent_ms: performance.now() });
  }
}
