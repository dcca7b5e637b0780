/**
 * One peer connection with fixed slots (media.md, "The design"; contract: two lines to send, then an audio and a video line
 * for each other seat; the own picture in two layers). Nothing is renegotiated: tracks are replaced, layers switched on and
 * off, directions are not. The room's rules are enforced by
 * the server; muting here is a courtesy.
 */
import { has, hasPeers, playOn } from "./capabilities";
import { newId } from "./connection";
import type { Devices } from "./devices";
import { later, now_ms, often, type Moment } from "./moments";
import { trimmed } from "./offer";
import { Backup } from "./sound/backup";
import { RATE, SAMPLES } from "./sound/frames";
import { BRIDGE_MS } from "./sound/ladder";
import type { BrowserMessage, Direction, ErrorMessage, IceServer, MediaAnswer, Rung } from "./wire.gen";

interface Slot {
  seat: string;
  audio: RTCRtpTransceiver;
  video: RTCRtpTransceiver;
  picture: MediaStream;
}

export type Path = "none" | "connecting" | "connected" | "failed";

/** How long a path may take to come up; how long a broken one may take to heal by an ICE restart. Then it is made anew. */
const CONNECT_MS = 8000;
const RESTART_MS = 4000;
/** An offer made on the way in is still good so much later; an older one may know nothing of the network that there is now. */
const FRESH_MS = 3000;
/** So long at least between two looks at what arrives. */
const LOOK_MS = 900;
/** After so many looks, one a second, without anything that arrived the path is broken (the browser says so after five
 * seconds and more), and after so many its restart has not helped. */
const SILENT_LOOKS = 3;
const HOPELESS_LOOKS = SILENT_LOOKS + RESTART_MS / 1000;
/** The small layer: all of a face, and of whoever is on stage what a weak receiver gets. */
const SMALL_KBPS = 100;
const SMALL_FPS = 15;
const BACKOFF_MS = [500, 1000, 2000, 4000];
/** An attempt to which a relay gave no address, and to which nothing else has answered so long after the last address, is given
 * up: the relay may be there for the next. */
const NO_RELAY_MS = 2000;

export class Media {
  readonly backup: Backup;
  /** All seats, in the order of `welcome`: frames of sound name a seat by its place. */
  everybody: string[] = [];
  #path: Path = "none";
  #silenced = false;
  #pc: RTCPeerConnection | null = null;
  #connection = "";
  #offer = "";
  #sent = false;
  #slots: Slot[] = [];
  #voices = new Map<string, HTMLAudioElement>();
  #direction: Direction | null = null;
  #hearable = false;
  #failures = 0;
  #began_at = 0;
  #restarted = false;
  #signs = 0;
  #silent = 0;
  #looked_at = 0;
  #timer: Moment | undefined;
  #seats: string[] = [];
  #told = "";
  #told_rung: Rung | "" = "";
  #relays: IceServer[] = [];
  /** A relay gave this connection no address. */
  #refused = false;
  #ordered = false;
  #applying = false;
  /** Somebody is to be seen and heard: without it nothing connects, whatever comes late. */
  #wanted = false;

  constructor(
    private readonly devices: Devices,
    private readonly send: (message: BrowserMessage) => boolean,
    private readonly hears: () => boolean,
    private readonly changed: () => void,
    sound: string,
  ) {
    const peers = {
      up: (): boolean => this.#path === "connected",
      served: hears,
      voices: () => this.#voicesCame(),
      park: (): void => this.#drop(),
      rise: (): void => this.#renew(0),
    };
    this.backup = new Backup(sound, devices, peers, () => this.#by());
    often(() => {
      if (this.#wanted) this.backup.look();
    });
    often(() => {
      // Silence is counted in looks: one a second, however often there is reason to look.
      if (now_ms() - this.#looked_at < LOOK_MS) return;
      this.#looked_at = now_ms();
      void this.#look();
    });
  }

  get path(): Path {
    const { line } = this.backup;
    if (!line) return this.#path;
    return line.state === "open" ? "connected" : line.state === "opening" ? "connecting" : "failed";
  }

  /** What carries the media now, as it is told the server; null: not known yet, or nothing does. */
  get rung(): Rung | null {
    if (this.backup.line) return this.path === "connected" ? "socket" : null;
    return this.#told_rung || null;
  }

  /** The browser refuses to play sound before a gesture: somebody has to press a button. */
  get silenced(): boolean {
    return this.#silenced || this.backup.line?.silenced === true;
  }

  /** On the way in: make the offer while the socket is being opened. `others` in slot order. */
  begin(others: string[]): void {
    this.#wanted = true;
    this.#seats = others;
    this.#renew(0);
  }

  /** The relays that this page may go by: from the next connection or ICE restart on. */
  useRelays(relays: IceServer[]): void {
    this.#relays = relays;
    if (this.#pc && this.#pc.signalingState !== "closed") {
      // A browser that cannot change it takes the new relays with its next connection.
      if (has(this.#pc, "setConfiguration")) this.#pc.setConfiguration(this.#configuration());
    }
  }

  /** Called after every welcome: connect, or check that the path still carries. `others` in slot order. */
  welcomed(others: string[]): void {
    this.#wanted = true;
    this.#told = this.#told_rung = "";
    this.#by();
    if (this.backup.parked) return;
    if (!this.#pc || others.join() !== this.#seats.join()) {
      this.#seats = others;
      this.#renew(0);
    } else if (!this.#sent && now_ms() - this.#began_at < FRESH_MS) this.#deliver(this.#pc, CONNECT_MS);
    else if (this.#pc.connectionState === "connected") void this.#verify(this.#pc);
    else this.#restart();
    this.tell();
  }

  /** The picture of a seat, once something of it has come: before, a browser shows black. */
  picture(seat: string): MediaStream | null {
    const slot = this.#slots.find((one) => one.seat === seat);
    return slot && !slot.video.receiver.track.muted ? slot.picture : null;
  }

  answered(message: MediaAnswer): void {
    const pc = this.#pc;
    if (!pc || message.id !== this.#offer || pc.signalingState !== "have-local-offer") return;
    pc.setRemoteDescription({ type: "answer", sdp: message.sdp }).then(
      () => {
        this.#gathered(pc);
        void this.#apply();
      },
      () => this.#fail(),
    );
  }

  /** True if the error answered an offer. */
  refused(message: ErrorMessage): boolean {
    if (message.id === null || message.id !== this.#offer) return false;
    this.#fail();
    return true;
  }

  /** The media plane forgot this page. */
  down(): void {
    this.#renew(Math.random() * 300);
  }

  direct(direction: Direction): void {
    this.#direction = direction;
    void this.#apply();
  }

  /** Open or close the own sound, by what the view says. */
  hearable(hearable: boolean): void {
    this.#hearable = hearable;
    if (this.devices.microphone) this.devices.microphone.enabled = hearable;
  }

  /** The devices have changed: send the new ones, tell the others whether there is a picture. */
  async devicesChanged(): Promise<void> {
    this.hearable(this.#hearable);
    this.backup.line?.use(this.devices.microphone);
    const pc = this.#pc;
    const [audio, video] = pc && pc.connectionState !== "closed" ? pc.getTransceivers() : [];
    try {
      if (audio && audio.sender.track !== this.devices.microphone)
        await audio.sender.replaceTrack(this.devices.microphone);
      if (pc !== this.#pc) return;
      if (video && video.sender.track !== this.devices.camera) await video.sender.replaceTrack(this.devices.camera);
    } catch {
      if (pc === this.#pc && pc?.connectionState !== "closed") this.#fail(); // a new connection takes what there is now
      return;
    }
    await this.#apply();
    this.tell();
  }

  /** Tell the others whether there is a picture at all; once, until it changes. */
  tell(): void {
    const camera = this.devices.camera !== null && !this.backup.line; // no picture goes that way
    const microphone = this.devices.microphone !== null;
    if (this.#told === `${camera} ${microphone}`) return;
    if (this.send({ type: "media_state", camera, microphone })) this.#told = `${camera} ${microphone}`;
  }

  /** After a gesture: play what the browser refused to play by itself. */
  async unsilence(): Promise<void> {
    this.#silenced = false;
    await Promise.all([this.backup.line?.resume(), ...[...this.#voices.values()].map((voice) => this.#play(voice))]);
    this.changed();
  }

  async route(speaker: string): Promise<void> {
    for (const voice of this.#voices.values()) await playOn(voice, speaker);
    await this.backup.line?.route(speaker);
  }

  /** Nothing is sent or received any more, until `begin` or `welcomed`. May be repeated. */
  close(): void {
    this.#wanted = false;
    this.backup.close();
    this.#drop();
    for (const voice of this.#voices.values()) voice.srcObject = null;
    this.#set("none");
  }

  /** What was received, by seat: for tests and for people who help. */
  async stats(): Promise<
    Record<string, { framesDecoded: number; audioSamples: number; audioEnergy: number; packets: number }>
  > {
    const report = await statsOf(this.#pc);
    const found: Record<string, { framesDecoded: number; audioSamples: number; audioEnergy: number; packets: number }> =
      {};
    for (const seat of this.#seats) found[seat] = { framesDecoded: 0, audioSamples: 0, audioEnergy: 0, packets: 0 };
    report?.forEach((entry: RTCInboundRtpStreamStats) => {
      if (entry.type !== "inbound-rtp") return;
      const slot = this.#slots.find(({ audio, video }) => entry.mid === audio.mid || entry.mid === video.mid);
      const mine = slot && found[slot.seat];
      if (!mine) return;
      mine.packets += entry.packetsReceived ?? 0;
      mine.framesDecoded += entry.framesDecoded ?? 0;
      mine.audioSamples += entry.totalSamplesReceived ?? 0;
      mine.audioEnergy += entry.totalAudioEnergy ?? 0;
    });
    for (const [place, { played, energy }] of this.backup.line?.counts ?? []) {
      const mine = found[this.everybody[place] ?? ""];
      if (mine) Object.assign(mine, { audioSamples: played, audioEnergy: energy / RATE, packets: played / SAMPLES });
    }
    return found;
  }

  /** Something has changed on the second way: say what carries the sound, and that no picture goes by it. */
  #by(): void {
    if (!this.backup.line && this.#told_rung === "socket") this.#told_rung = "";
    const { rung } = this;
    const new_to_lead = rung === "socket" && rung !== this.#told_rung && !this.backup.bridges;
    if (new_to_lead && this.send({ type: "media_rung", rung })) this.#told_rung = rung;
    this.tell();
    this.changed();
  }

  async #voicesCame(): Promise<number> {
    let packets = 0;
    (await statsOf(this.#pc))?.forEach((entry: RTCInboundRtpStreamStats) => {
      if (entry.type === "inbound-rtp" && entry.kind === "audio") packets += entry.packetsReceived ?? 0;
    });
    return packets;
  }

  #drop(): void {
    this.#timer?.cancel();
    this.#pc?.close();
    this.#pc = null;
    this.#slots = [];
  }

  /** Give the connection up at once, whatever it was about to offer, and make another. */
  #renew(after_ms: number): void {
    if (!this.#wanted || this.backup.parked) return;
    this.#drop();
    if (!hasPeers()) {
      this.#set("failed"); // what is said about it: `lacks`
      return;
    }
    this.#set("connecting");
    this.changed();
    this.#timer = later(after_ms, () => void this.#connect());
  }

  /** Whatever the browser refuses on the way is a failed attempt, and there is another. */
  async #connect(): Promise<void> {
    this.#began_at = now_ms();
    let pc: RTCPeerConnection | null = null;
    try {
      pc = this.#pc = new RTCPeerConnection(this.#configuration());
      this.#wait(pc, CONNECT_MS);
      await this.#open(pc);
    } catch {
      if (pc === this.#pc) this.#fail();
    }
  }

  async #open(pc: RTCPeerConnection): Promise<void> {
    this.#connection = newId();
    this.#offer = "";
    this.#sent = false;
    this.#restarted = this.#refused = false;
    this.#silent = 0;
    pc.addTransceiver(this.devices.microphone ?? "audio", { direction: "sendonly" });
    pc.addTransceiver(this.devices.camera ?? "video", {
      direction: "sendonly",
      sendEncodings: [
        { rid: "l", scaleResolutionDownBy: 2, maxBitrate: SMALL_KBPS * 1000, maxFramerate: SMALL_FPS },
        { rid: "h", active: false },
      ],
    });
    this.#slots = this.#seats.map((seat) => {
      const slot = {
        audio: pc.addTransceiver("audio", { direction: "recvonly" }),
        video: pc.addTransceiver("video", { direction: "recvonly" }),
      };
      slot.video.receiver.track.onunmute = () => this.changed();
      return { seat, ...slot, picture: new MediaStream([slot.video.receiver.track]) };
    });
    pc.onconnectionstatechange = () => this.#state(pc);
    pc.onicecandidateerror = () => (this.#refused = true);
    pc.onicegatheringstatechange = () => this.#gathered(pc);
    await this.#negotiate(pc, CONNECT_MS);
  }

  #configuration(): RTCConfiguration {
    return { bundlePolicy: "max-bundle", iceServers: this.#relays };
  }

  #gathered(pc: RTCPeerConnection): void {
    if (pc.iceGatheringState !== "complete" || !pc.remoteDescription || !this.#refused) return;
    const found = (): boolean => pc.iceConnectionState !== "new" && pc.iceConnectionState !== "checking";
    setTimeout(() => pc === this.#pc && !found() && this.#fail(), NO_RELAY_MS);
  }

  async #negotiate(pc: RTCPeerConnection, patience_ms: number): Promise<void> {
    await pc.setLocalDescription();
    if (pc !== this.#pc) return;
    this.#offer = newId();
    this.#deliver(pc, patience_ms);
  }

  /** Send the offer, if it is made by now. */
  #deliver(pc: RTCPeerConnection, patience_ms: number): void {
    const sdp = pc.localDescription?.sdp;
    if (!sdp || !this.#offer) return;
    this.#sent = this.send({ type: "media_offer", id: this.#offer, connection: this.#connection, sdp: trimmed(sdp) });
    this.#wait(pc, patience_ms);
  }

  /** For the connection to come up; then it is given up. */
  #wait(pc: RTCPeerConnection, patience_ms: number): void {
    this.#timer?.cancel();
    this.#timer = later(patience_ms, () => {
      if (pc === this.#pc && pc.connectionState !== "connected") this.#fail();
    });
  }

  #state(pc: RTCPeerConnection): void {
    if (pc !== this.#pc) return;
    if (pc.connectionState === "connected") {
      this.#timer?.cancel();
      this.#failures = 0;
      this.#restarted = false;
      for (const { seat, audio } of this.#slots) this.#hear(seat, audio.receiver.track);
      this.#set("connected");
      this.backup.look();
      void this.#apply();
    } else if (pc.connectionState === "disconnected" && !this.#restarted) {
      this.#set("connecting");
      this.#timer = later(1000, () => {
        if (pc === this.#pc) this.#restart();
      });
    } else if (pc.connectionState === "failed") this.#restart();
  }

  /** Once by ICE restart, which keeps keys and slots; if that does not help, anew. */
  #restart(): void {
    const pc = this.#pc;
    if (
      !pc ||
      !has(pc, "restartIce") ||
      this.#restarted ||
      pc.connectionState === "new" ||
      pc.signalingState !== "stable"
    ) {
      this.#fail();
      return;
    }
    this.#restarted = true;
    this.#set("connecting");
    this.backup.look();
    later(BRIDGE_MS, () => this.#wanted && this.backup.look());
    pc.restartIce();
    this.#negotiate(pc, RESTART_MS).catch(() => pc === this.#pc && this.#fail());
  }

  /** An attempt that waited in vain was a pause itself: in a long outage there is always one that would get through. */
  #fail(): void {
    if (!this.#wanted || this.backup.parked) return;
    const backoff_ms = BACKOFF_MS[Math.min(this.#failures, BACKOFF_MS.length - 1)] ?? 8000;
    const spent_ms = now_ms() - this.#began_at;
    this.#failures += 1;
    this.#renew(Math.max(backoff_ms * (0.5 + Math.random() / 2) - spent_ms, Math.random() * 300));
    if (this.#failures > 2) this.#set("failed");
  }

  /** After the socket's return: does the other side still answer? A new server process would not, and knows no restart. */
  async #verify(pc: RTCPeerConnection): Promise<void> {
    const before = (await pathOf(pc)).signs;
    if (before === null) return; // it cannot be seen here: the connection's own state must do
    await new Promise((done) => setTimeout(done, 3000));
    if (pc === this.#pc && pc.connectionState !== "closed" && (await pathOf(pc)).signs === before) this.#renew(0);
  }

  /** A path that falls silent while the server is heard heals by an ICE restart, as long as the server still knows it:
   * over TCP if UDP is swallowed. */
  async #look(): Promise<void> {
    const pc = this.#pc;
    if (!pc || !connected(pc) || !this.hears()) return;
    const { signs, rung } = await pathOf(pc);
    if (pc !== this.#pc || !connected(pc)) return;
    if (rung && rung !== this.#told_rung && this.send({ type: "media_rung", rung })) this.#told_rung = rung;
    if (signs === null) return;
    const alive = signs > 0 && signs !== this.#signs;
    this.#silent = alive ? 0 : this.#silent + 1;
    this.#signs = signs;
    if (this.#silent === SILENT_LOOKS) this.#restart();
    else if (this.#silent >= HOPELESS_LOOKS) this.#fail();
    else if (alive && this.#path === "connecting") this.#state(pc);
  }

  #hear(seat: string, track: MediaStreamTrack): void {
    const voice = this.#voices.get(seat) ?? new Audio();
    this.#voices.set(seat, voice);
    if (voice.srcObject instanceof MediaStream && voice.srcObject.getTracks()[0] === track) return;
    voice.srcObject = new MediaStream([track]);
    const speaker = this.devices.chosen("speaker");
    if (speaker) void playOn(voice, speaker).then((plays) => plays || this.devices.choose("speaker", ""));
    void this.#play(voice);
  }

  async #play(voice: HTMLAudioElement): Promise<void> {
    try {
      await voice.play();
    } catch (error) {
      if (!(error instanceof DOMException) || error.name !== "NotAllowedError") return; // replaced meanwhile: the newer one plays
      this.#silenced = true;
      this.changed();
    }
  }

  /** One order after the other: the browser takes parameters only on top of those it gave last. */
  async #apply(): Promise<void> {
    this.#ordered = true;
    if (this.#applying) return;
    this.#applying = true;
    try {
      while (this.#ordered) {
        this.#ordered = false;
        await this.#order();
      }
    } finally {
      this.#applying = false;
    }
  }

  /** While an answer is being taken the browser refuses parameters: it comes here again afterwards. */
  async #order(): Promise<void> {
    const pc = this.#pc;
    const sender = pc?.getTransceivers()[1]?.sender;
    const wanted = this.#direction;
    if (!sender || !wanted || !pc.remoteDescription || !stable(pc)) return;
    if (!has(sender, "getParameters") || !has(sender, "setParameters")) return; // the picture stays as it was offered
    const parameters = sender.getParameters();
    const [small, large] = parameters.encodings;
    if (!small) return;
    const camera = this.devices.camera !== null;
    small.active = wanted.picture !== "none" && camera;
    if (large) {
      large.active = wanted.picture === "stage" && camera;
      if (large.active) {
        large.maxBitrate = Math.max(wanted.bitrate_kbps - SMALL_KBPS, SMALL_KBPS) * 1000;
        large.maxFramerate = wanted.frames_per_second;
      }
    } else {
      // A browser that knows no layers changes the one picture that it has.
      if (wanted.bitrate_kbps > 0) small.maxBitrate = wanted.bitrate_kbps * 1000;
      if (wanted.frames_per_second > 0) small.maxFramerate = wanted.frames_per_second;
      small.scaleResolutionDownBy = wanted.picture === "face" ? 2 : 1;
    }
    try {
      await sender.setParameters(parameters);
    } catch {
      return; // replaced or renegotiated meanwhile, or a browser that cannot: the picture stays as it was
    }
  }

  #set(path: Path): void {
    if (this.#path === path) return;
    this.#path = path;
    this.changed();
  }
}

const connected = (pc: RTCPeerConnection): boolean => pc.connectionState === "connected";
const stable = (pc: RTCPeerConnection): boolean => pc.signalingState === "stable";

async function statsOf(pc: RTCPeerConnection | null): Promise<RTCStatsReport | null> {
  try {
    return (await pc?.getStats()) ?? null;
  } catch {
    return null; // closed meanwhile, or a browser that measures nothing
  }
}

/** The path in use: a figure that rises with everything that arrives by it (checks answered and packets), null if the browser
 * tells none; and what carries it. */
async function pathOf(pc: RTCPeerConnection): Promise<{ signs: number | null; rung: Rung | null }> {
  const report = await statsOf(pc);
  if (!report) return { signs: null, rung: null };
  let used: string | undefined;
  report.forEach((entry: RTCTransportStats) => {
    if (entry.type === "transport") used = entry.selectedCandidatePairId;
  });
  const pair = report.get(used ?? "") as RTCIceCandidatePairStats | undefined;
  const own = report.get(pair?.localCandidateId ?? "") as
    { candidateType: RTCIceCandidateType; protocol: string } | undefined;
  const rung = !own ? null : own.candidateType === "relay" ? "relay" : own.protocol === "tcp" ? "tcp" : "udp";
  const told = [pair?.responsesReceived, pair?.bytesReceived].filter((figure) => figure !== undefined);
  return { signs: told.length > 0 ? told.reduce((sum, figure) => sum + figure, 0) : null, rung };
}
