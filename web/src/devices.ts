/**
 * Camera, microphone, loudspeaker: asking for them, choosing among them, and what to say when they refuse. The choice is
 * remembered in this browser. Nothing here knows the room.
 */

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

  constructor(private readonly changed: () => void) {
    navigator.mediaDevices?.addEventListener("devicechange", () => void this.refresh());
  }

  /** Whether this page wants the device at all; remembered for this tab, so that a reload asks for no more than before. */
  wanted(kind: Kind): boolean {
    return sessionStorage.getItem(`without.${kind}`) === null;
  }

  chosen(kind: Kind | "speaker"): string {
    return localStorage.getItem(`device.${kind}`) ?? "";
  }

  choose(kind: Kind | "speaker", id: string): void {
    localStorage.setItem(`device.${kind}`, id);
    this.changed();
  }

  /** Have the device on, by the remembered choice or any. Its refusal ends in `problems`, never in an exception. */
  async open(kind: Kind): Promise<void> {
    sessionStorage.removeItem(`without.${kind}`);
    if (this.asking.has(kind)) return;
    this.asking.add(kind);
    this.changed();
    try {
      this.#take(kind, await this.#ask(kind));
      delete this.problems[kind];
    } catch (error) {
      this.#take(kind, null);
      this.problems[kind] = problemOf(error);
    }
    this.asking.delete(kind);
    await this.refresh();
  }

  /** Both with one question of the browser where it can be; whoever refuses then gets asked alone. */
  async openBoth(): Promise<void> {
    try {
      this.asking = new Set(["camera", "microphone"]);
      this.changed();
      const both = { audio: this.#constraints("microphone"), video: this.#constraints("camera") };
      const stream = await navigator.mediaDevices.getUserMedia(both);
      this.#take("camera", stream.getVideoTracks()[0] ?? null);
      this.#take("microphone", stream.getAudioTracks()[0] ?? null);
      this.problems = {};
      this.asking.clear();
      await this.refresh();
    } catch {
      this.asking.clear();
      await this.open("microphone");
      await this.open("camera");
    }
  }

  /** Let go of the device, so that its light goes out. */
  close(kind: Kind): void {
    sessionStorage.setItem(`without.${kind}`, "1");
    delete this.problems[kind];
    this.#take(kind, null);
    this.changed();
  }

  async refresh(): Promise<void> {
    this.available = (await navigator.mediaDevices?.enumerateDevices()) ?? [];
    this.changed();
  }

  async #ask(kind: Kind): Promise<MediaStreamTrack> {
    if (!navigator.mediaDevices) throw new DOMException("", "InsecureError");
    const constraints = this.#constraints(kind);
    const stream = await navigator.mediaDevices.getUserMedia(
      kind === "camera" ? { video: constraints } : { audio: constraints },
    );
    const track = stream.getTracks()[0];
    if (!track) throw new DOMException("", "NotFoundError");
    return track;
  }

  #constraints(kind: Kind): MediaTrackConstraints {
    const id = this.chosen(kind);
    const base = kind === "camera" ? PICTURE : SOUND;
    return id ? { ...base, deviceId: { ideal: id } } : base;
  }

  #take(kind: Kind, track: MediaStreamTrack | null): void {
    this[kind]?.stop();
    this[kind] = track;
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
