/** In the audio thread: cuts what the microphone gives into frames of 20 ms, and plays what came of each voice. */
import { SAMPLES, Unwrapped } from "./frames";
import { Playout, type Played } from "./playout";

declare const registerProcessor: (name: string, processor: new () => Processor) => void;
declare class AudioWorkletProcessor {
  readonly port: MessagePort;
}
type Processor = AudioWorkletProcessor & { process(inputs: Float32Array[][], outputs: Float32Array[][]): boolean };

/** To the playing one: a decoded frame of the voice at `place`. */
export interface ToPlay {
  place: number;
  number: number;
  samples: Float32Array<ArrayBuffer>;
}

/** From it, a few times a second: what was played since it began, and which frames began to be heard. */
export interface PlayedNow {
  counts: [place: number, count: Played][];
  begun: [place: number, number: number, ms: number][];
}

const REPORT_QUANTA = 75;

class Capture extends AudioWorkletProcessor implements Processor {
  #frame = new Float32Array(SAMPLES);
  #filled = 0;

  process([input]: Float32Array[][]): boolean {
    const channel = input?.[0];
    if (!channel) return true; // nothing is connected
    for (const sample of channel) {
      this.#frame[this.#filled] = sample;
      this.#filled += 1;
      if (this.#filled < SAMPLES) continue;
      this.port.postMessage(this.#frame, [this.#frame.buffer]);
      this.#frame = new Float32Array(SAMPLES);
      this.#filled = 0;
    }
    return true;
  }
}

class Playing extends AudioWorkletProcessor implements Processor {
  #voices = new Map<number, { playout: Playout; numbers: Unwrapped }>();
  #begun: PlayedNow["begun"] = [];
  #quanta = 0;

  constructor() {
    super();
    this.port.onmessage = ({ data }: MessageEvent<ToPlay>) => {
      const voice = this.#voice(data.place);
      voice.playout.push(voice.numbers.next(data.number), data.samples);
    };
  }

  process(_: Float32Array[][], [output]: Float32Array[][]): boolean {
    const channel = output?.[0];
    if (!channel) return true;
    for (const { playout } of this.#voices.values()) playout.render(channel);
    for (let i = 0; i < channel.length; i += 1) channel[i] = Math.max(-1, Math.min(1, channel[i] ?? 0));
    this.#quanta += 1;
    if (this.#quanta % REPORT_QUANTA === 0 && this.#voices.size > 0) {
      const counts = [...this.#voices].map(([place, { playout }]): [number, Played] => [place, playout.count]);
      this.port.postMessage({ counts, begun: this.#begun } satisfies PlayedNow);
      this.#begun = [];
    }
    return true;
  }

  #voice(place: number): { playout: Playout; numbers: Unwrapped } {
    let voice = this.#voices.get(place);
    if (!voice) {
      voice = { playout: new Playout(), numbers: new Unwrapped() };
      voice.playout.begins = (number) => this.#begun.push([place, number & 0xffff, Date.now()]);
      this.#voices.set(place, voice);
    }
    return voice;
  }
}

registerProcessor("cosession-capture", Capture);
registerProcessor("cosession-playing", Playing);
