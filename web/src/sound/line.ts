/**
 * Sound by the page's own connection, for networks that let no media through (protocols/wire.md): the microphone's frames up,
 * the voices that may be heard down. Opus by WebCodecs in both directions; the server enforces who is heard.
 */
import { playOn, soundContext } from "../capabilities";
import { newId } from "../connection";
import { often, type Moment } from "../moments";
import { DECODING, ENCODING, FRAME_US } from "./codec";
import { frame, heard, levelOf, RATE, receipt, SAMPLES } from "./frames";
import type { Played } from "./playout";
import type { PlayedNow, ToPlay } from "./sound.worklet";
import address from "./sound.worklet.ts?worker&url";

/** What has not left for so long is not worth sending any more: 400 ms of a voice. */
const BEHIND_BYTES = 20 * 80;
const RECEIPT_EVERY = 10;
const AGAIN_MS = [300, 1000, 2000, 4000];
/** A socket that neither opens nor fails. */
const OPEN_MS = 4000;
const REMEMBERED = 512;

export type LineState = "opening" | "open" | "failing";

export class Line {
  state: LineState = "opening";
  /** For tests and people who help: when the frames that were sent came from the microphone, and those that came were heard, in
   * milliseconds since 1970. */
  readonly sent: [number: number, ms: number][] = [];
  readonly begun: PlayedNow["begun"] = [];
  counts = new Map<number, Played>();
  #context: AudioContext | null;
  #playing: AudioWorkletNode | null = null;
  #capture: AudioWorkletNode | null = null;
  #source: MediaStreamAudioSourceNode | null = null;
  #socket: WebSocket | null = null;
  #encoder: AudioEncoder | null = null;
  #decoders = new Map<number, Decoder>();
  #levels: [level: number, ms: number][] = [];
  #fed = 0;
  #numbered = 0;
  #came = 0;
  #failures = 0;
  #opened_at = 0;
  #again: number | undefined;
  #closed = false;
  #beat: Moment;

  /** `path`: of the seat's sound; `tab`: of this page. */
  constructor(
    private readonly path: string,
    private readonly tab: () => string,
    private microphone: MediaStreamTrack | null,
    private speaker: string,
    private readonly changed: () => void,
  ) {
    this.#context = soundContext(RATE);
    this.#beat = often(() => this.#look());
    void this.#prepare();
  }

  /** The browser plays nothing before a gesture. */
  get silenced(): boolean {
    return this.#context?.state === "suspended";
  }

  async resume(): Promise<void> {
    await this.#context?.resume();
  }

  /** Another microphone, or none. */
  use(microphone: MediaStreamTrack | null): void {
    if (microphone === this.microphone) return;
    this.microphone = microphone;
    this.#plug();
  }

  async route(speaker: string): Promise<void> {
    this.speaker = speaker;
    if (this.#context) await playOn(this.#context, speaker);
  }

  /** May be repeated. */
  close(): void {
    this.#closed = true;
    this.#beat.cancel();
    clearTimeout(this.#again);
    this.#socket?.close();
    this.#source?.disconnect();
    for (const decoder of this.#decoders.values()) decoder.close();
    if (this.#encoder?.state !== "closed") this.#encoder?.close();
    void this.#context?.close();
  }

  async #prepare(): Promise<void> {
    const context = this.#context;
    try {
      if (!context) throw new Error("no sound");
      await context.audioWorklet.addModule(address);
      if (this.#closed) return;
      this.#playing = new AudioWorkletNode(context, "cosession-playing", {
        numberOfInputs: 0,
        outputChannelCount: [1],
      });
      this.#playing.port.onmessage = ({ data }: MessageEvent<PlayedNow>) => this.#played(data);
      this.#playing.connect(context.destination);
      context.onstatechange = () => this.changed();
      if (this.speaker) void playOn(context, this.speaker);
      void context.resume();
      this.#plug();
      this.#open();
    } catch {
      this.#set("failing");
    }
  }

  // -- up ----------------------------------------------------------------------------------------------------------

  #plug(): void {
    const context = this.#context;
    this.#source?.disconnect();
    this.#source = null;
    if (!context || !this.#playing || this.#closed || !this.microphone) return;
    this.#source = context.createMediaStreamSource(new MediaStream([this.microphone]));
    if (!this.#capture) {
      this.#capture = new AudioWorkletNode(context, "cosession-capture", {
        numberOfOutputs: 0,
        channelCount: 1,
        channelCountMode: "explicit",
      });
      this.#capture.port.onmessage = ({ data }: MessageEvent<Float32Array<ArrayBuffer>>) => this.#encode(data);
    }
    this.#source.connect(this.#capture);
  }

  #encode(samples: Float32Array<ArrayBuffer>): void {
    if (this.state !== "open") return;
    const encoder = this.#encoder ?? this.#newEncoder();
    if (encoder.state !== "configured" || encoder.encodeQueueSize > 10) return;
    this.#levels.push([levelOf(samples), Date.now()]);
    const timestamp = this.#fed * FRAME_US;
    this.#fed += 1;
    const data = new AudioData({
      format: "f32-planar",
      sampleRate: RATE,
      numberOfFrames: SAMPLES,
      numberOfChannels: 1,
      timestamp,
      data: samples,
    });
    encoder.encode(data);
    data.close();
  }

  /** Chunks are numbered here: a browser's own times may be shifted. */
  #newEncoder(): AudioEncoder {
    const encoder = new AudioEncoder({
      output: (chunk) => this.#send(chunk),
      error: () => {
        this.#encoder = null; // the next frame makes another
        this.#levels = [];
      },
    });
    encoder.configure(ENCODING);
    this.#levels = [];
    this.#encoder = encoder;
    return encoder;
  }

  #send(chunk: EncodedAudioChunk): void {
    const [level, ms] = this.#levels.shift() ?? [127, Date.now()];
    const socket = this.#socket;
    this.#numbered += 1;
    if (socket?.readyState !== WebSocket.OPEN || socket.bufferedAmount > BEHIND_BYTES) return;
    const opus = new Uint8Array(chunk.byteLength);
    chunk.copyTo(opus);
    socket.send(frame(this.#numbered, level, opus) as Uint8Array<ArrayBuffer>);
    remember(this.sent, [this.#numbered & 0xffff, ms]);
  }

  // -- down --------------------------------------------------------------------------------------------------------

  #hear(data: ArrayBuffer): void {
    this.#came += 1;
    if (this.#came % RECEIPT_EVERY === 0) this.#confirm();
    const one = heard(data);
    if (!one) return;
    let decoder = this.#decoders.get(one.place);
    if (!decoder || decoder.broken) {
      decoder = new Decoder((number, samples) => this.#play({ place: one.place, number, samples }));
      this.#decoders.set(one.place, decoder);
    }
    decoder.take(one.number, one.opus);
  }

  #play(frame: ToPlay): void {
    this.#playing?.port.postMessage(frame, [frame.samples.buffer]);
  }

  #played({ counts, begun }: PlayedNow): void {
    this.counts = new Map(counts);
    for (const one of begun) remember(this.begun, one);
  }

  #confirm(): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(receipt(this.#came) as Uint8Array<ArrayBuffer>);
  }

  // -- the socket --------------------------------------------------------------------------------------------------

  #open(): void {
    if (this.#closed) return;
    const url = new URL(this.path, location.href);
    url.protocol = url.protocol.replace("http", "ws");
    url.search = new URLSearchParams({ tab: this.tab(), connection: newId() }).toString();
    const socket = (this.#socket = new WebSocket(url));
    socket.binaryType = "arraybuffer";
    this.#opened_at = performance.now();
    this.#came = 0;
    socket.onopen = () => {
      if (socket !== this.#socket) return;
      this.#confirm();
      this.#set("open");
    };
    socket.onmessage = ({ data }: MessageEvent<ArrayBuffer>) => socket === this.#socket && this.#hear(data);
    socket.onclose = () => socket === this.#socket && this.#lost();
  }

  #lost(): void {
    this.#socket = null;
    if (this.#closed) return;
    if (this.state === "open" && performance.now() - this.#opened_at > OPEN_MS) this.#failures = 0;
    const pause_ms = AGAIN_MS[Math.min(this.#failures, AGAIN_MS.length - 1)] ?? 4000;
    this.#failures += 1;
    this.#set(this.#failures > 2 ? "failing" : "opening");
    this.#again = window.setTimeout(() => this.#open(), pause_ms * (0.5 + Math.random() / 2));
  }

  #look(): void {
    const socket = this.#socket;
    if (socket?.readyState === WebSocket.OPEN) this.#confirm();
    else if (socket && performance.now() - this.#opened_at > OPEN_MS) {
      socket.close();
      this.#lost();
    }
  }

  #set(state: LineState): void {
    if (this.#closed || state === this.state) return;
    this.state = state;
    this.changed();
  }
}

/** One voice's: which frame comes out is counted, as a browser's own times run on over what is missing. */
class Decoder {
  broken = false;
  readonly #decoder: AudioDecoder;
  #numbers: number[] = [];
  #fed = 0;

  constructor(out: (number: number, samples: Float32Array<ArrayBuffer>) => void) {
    this.#decoder = new AudioDecoder({
      output: (data) => {
        const samples = new Float32Array(SAMPLES);
        const number = this.#numbers.shift() ?? 0;
        if (data.numberOfFrames <= SAMPLES) data.copyTo(samples, { planeIndex: 0, format: "f32-planar" });
        data.close();
        out(number, samples);
      },
      error: () => (this.broken = true),
    });
    this.#decoder.configure(DECODING);
  }

  take(number: number, opus: Uint8Array): void {
    if (this.#decoder.state !== "configured") return;
    this.#numbers.push(number);
    const data = opus as Uint8Array<ArrayBuffer>;
    this.#decoder.decode(new EncodedAudioChunk({ type: "key", timestamp: this.#fed * FRAME_US, data }));
    this.#fed += 1;
  }

  close(): void {
    if (this.#decoder.state !== "closed") this.#decoder.close();
  }
}

function remember<One>(list: One[], one: One): void {
  list.push(one);
  if (list.length > REMEMBERED) list.splice(0, list.length - REMEMBERED);
}
