/**
 * Camera, microphone, loudspeaker: asking for them, choosing among them, and what to say when they refuse. The choice is
 * remembered in this browser. Nothing here knows the room.
 *
 * The one owner of every track: none lives longer than the purpose for which it was asked, whenever the browser's question is
 * answered.
 */
import { hardware, has } from "./capabilities";
import { forGood, inThisTab } from "./storage";

/** The four refusals that people meet, each with words of its own (`device.<problem>`), and the rest. */
export type Problem = "NotAllowed" | "NotFound" | "NotReadable" | "Overconstrained" | "Insecure" | "Unknown";
export type Kind = "camera" | "microphone";

const SOUND: MediaTrackConstraints = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };
const PICTURE: MediaTrackConstraints = { width: { ideal: 640 }, height: { ideal: 360 }, frameRate: { ideal: 30 } };

export class Devices {
  camera: MediaStreamTrack | null = null;
  microphone: MediaStreamTrack | null = null;
  problems: Partial<Record<Kind, Problem>> = {};
  /** Being asked for right now: the browser may be showing its question. */
  asking = new Set<Kind>();
  available: MediaDeviceInfo[] = [];
  /** What the browser handed over, and copies of it: all that may still be on. */
  readonly #tracks = new Set<MediaStreamTrack>();
  /** Another one each time; null: there is nothing to be seen or heard for. */
  #purpose: symbol | null = null;

  constructor(private readonly changed: () => void) {
    const media = hardware();
    if (media && has(media, "addEventListener")) media.addEventListener("devicechange", () => void this.refresh());
  }

  /** Whether this page wants the device at all; remembered for this tab, so that a reload asks for no more than before. */
  wanted(kind: Kind): boolean {
    return inThisTab.get(`without.${kind}`) === null;
  }

  chosen(kind: Kind | "speaker"): string {
    return forGood.get(`device.${kind}`) ?? "";
  }

  choose(kind: Kind | "speaker", id: string): void {
    forGood.set(`device.${kind}`, id);
    this.changed();
  }

  /** There is something to be seen and heard for: ask for what this page wants. May be repeated. */
  begin(): void {
    if (this.#purpose) return;
    this.#purpose = Symbol("purpose");
    const wanted = (["microphone", "camera"] as const).filter((kind) => this.wanted(kind));
    if (wanted.length === 2) void this.openBoth();
    else for (const kind of wanted) void this.open(kind);
  }

  /** There is nothing left to be seen or heard for: every track ends now, and what the browser's question still brings ends
   * as it comes. May be repeated. */
  release(): void {
    if (!this.#purpose) return;
    this.#purpose = null;
    this.asking.clear();
    this.camera = this.microphone = null;
    for (const track of this.#tracks) track.stop();
    this.#tracks.clear();
    this.changed();
  }

  /** A copy of the microphone's track, to be measured; null without one. It ends with `end`, or when all do. */
  copy(): MediaStreamTrack | null {
    const copied = this.microphone?.clone() ?? null;
    if (copied) this.#tracks.add(copied);
    return copied;
  }

  end(track: MediaStreamTrack): void {
    track.stop();
    this.#tracks.delete(track);
  }

  /** Have the device on, by the remembered choice or any. Its refusal ends in `problems`, never in an exception. */
  async open(kind: Kind): Promise<void> {
    const purpose = this.#purpose;
    if (!purpose) return;
    inThisTab.remove(`without.${kind}`);
    if (this.asking.has(kind)) return;
    this.asking.add(kind);
    this.changed();
    try {
      const stream = await this.#request(kind === "camera" ? ["camera"] : ["microphone"]);
      const track = stream.getTracks()[0];
      if (!track) throw new DOMException("", "NotFoundError");
      this.#take(kind, track);
      delete this.problems[kind];
    } catch (error) {
      if (purpose !== this.#purpose) return;
      this.#take(kind, null);
      this.problems[kind] = problemOf(error);
    }
    this.asking.delete(kind);
    await this.refresh();
  }

  /** Both with one question of the browser where it can be; whoever refuses then gets asked alone. */
  async openBoth(): Promise<void> {
    const purpose = this.#purpose;
    if (!purpose) return;
    try {
      this.asking = new Set(["camera", "microphone"]);
      this.changed();
      const stream = await this.#request(["camera", "microphone"]);
      this.#take("camera", stream.getVideoTracks()[0] ?? null);
      this.#take("microphone", stream.getAudioTracks()[0] ?? null);
      this.problems = {};
      this.asking.clear();
      await this.refresh();
    } catch {
      if (purpose !== this.#purpose) return;
      this.asking.clear();
      await this.open("microphone");
      await this.open("camera");
    }
  }

  /** Let go of the device, so that its light goes out. */
  close(kind: Kind): void {
    inThisTab.set(`without.${kind}`, "1");
    delete this.problems[kind];
    this.#take(kind, null);
    this.changed();
  }

  async refresh(): Promise<void> {
    try {
      this.available = (await hardware()?.enumerateDevices()) ?? [];
    } catch {
      this.available = []; // the list of them is not given: the browser's own choice it is
    }
    this.changed();
  }

  /** What the browser hands over, if it is still wanted then. Raises what the browser raises, or when the purpose is another. */
  async #request(kinds: Kind[]): Promise<MediaStream> {
    const media = hardware();
    if (!media) throw new DOMException("", "InsecureError");
    const purpose = this.#purpose;
    const constraints: MediaStreamConstraints = {};
    if (kinds.includes("microphone")) constraints.audio = this.#constraints("microphone");
    if (kinds.includes("camera")) constraints.video = this.#constraints("camera");
    const stream = await media.getUserMedia(constraints);
    for (const track of stream.getTracks()) this.#tracks.add(track);
    if (purpose === this.#purpose) return stream;
    for (const track of stream.getTracks()) this.end(track);
    throw new DOMException("", "AbortError");
  }

  #constraints(kind: Kind): MediaTrackConstraints {
    const id = this.chosen(kind);
    const base = kind === "camera" ? PICTURE : SOUND;
    return id ? { ...base, deviceId: { ideal: id } } : base;
  }

  /** Who said meanwhile that they go without the device, goes without it. */
  #take(kind: Kind, track: MediaStreamTrack | null): void {
    const before = this[kind];
    if (before) this.end(before);
    if (track && !this.wanted(kind)) this.end(track);
    this[kind] = this.wanted(kind) ? track : null;
    if (!track) return;
    track.onended = () => {
      if (this[kind] !== track) return;
      this[kind] = null;
      this.problems[kind] = "NotReadable";
      this.changed();
    };
  }
}

function problemOf(error: unknown): Problem {
  const name = error instanceof DOMException ? error.name.replace(/Error$/, "") : "";
  if (name === "Security") return "NotAllowed";
  const known: Problem[] = ["NotAllowed", "NotFound", "NotReadable", "Overconstrained", "Insecure"];
  return known.find((problem) => problem === name) ?? "Unknown";
}
