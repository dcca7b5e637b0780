/**
 * One voice on its way to the loudspeaker: a jitter buffer of 60 to 200 ms that grows when it ran empty and shrinks when it is
 * fuller than it need be. What is missing fades out and in again; nothing clicks. Pure: frames in, samples out, time is
 * counted in samples.
 */
import { RATE, SAMPLES } from "./frames";

const LEAST = 3 * SAMPLES;
const MOST = 10 * SAMPLES;
/** More than this behind is not caught up with by blending: the newest wins. */
const FAR_TOO_MUCH = MOST + 5 * SAMPLES;
/** From full to nothing, and back. */
const FADE = 240;
/** After so long without having run empty less is enough. */
const CALM = 10 * RATE;
/** Between two looks at how full it was at least. */
const LOOK = RATE;
/** A hole of up to so many frames is waited through, where it belongs. */
const HOLE = 5;
/** After so much silence it is another piece of speech, and nothing was lost between. */
const PAUSE = RATE;

/** One frame, or two that were blended into one. `jumps`: what was before it was left out. */
interface Piece {
  first: number;
  last: number;
  jumps: boolean;
  samples: Float32Array;
}

/** Of one voice, in samples. `concealed`: silence where sound ought to have been; `energy`: sum of squares of what was played. */
export interface Played {
  played: number;
  concealed: number;
  energy: number;
}

export class Playout {
  readonly count: Played = { played: 0, concealed: 0, energy: 0 };
  /** So much is waited for before a voice begins. */
  target = LEAST;
  /** Told when a frame begins to be heard. */
  begins: (number: number) => void = () => undefined;
  #queue: Piece[] = [];
  #at = 0;
  #next: number | null = null;
  #playing = false;
  #gain = 0;
  /** Samples since it ran empty, or since the first frame waits. */
  #empty = 0;
  #waited = 0;
  #hole = 0;
  #calm = 0;
  #looked = 0;
  #least = Infinity;

  push(number: number, samples: Float32Array): void {
    if (this.#next !== null && number < this.#next) {
      if (this.#next - number < 1000) return; // too late
      this.#forget(); // somebody's new page counts anew
    }
    this.#queue.push({ first: number, last: number, jumps: false, samples });
    if (this.depth > FAR_TOO_MUCH) this.#catchUp();
  }

  /** Samples that wait. */
  get depth(): number {
    return this.#queue.length * SAMPLES - this.#at;
  }

  /** Add the next samples to `out`. */
  render(out: Float32Array): void {
    if (!this.#playing) this.#wait(out.length);
    for (let i = 0; i < out.length; i += 1) {
      if (!this.#playing) break;
      out[i] = (out[i] ?? 0) + this.#sample();
    }
    if (this.#playing) this.#look(out.length);
  }

  #wait(length: number): void {
    const [first] = this.#queue;
    if (!first) {
      this.#empty += length;
      return;
    }
    this.#waited += length;
    if (this.depth < this.target && this.#waited < this.target) {
      this.#empty += length;
      return;
    }
    const missing = this.#next === null ? 0 : (first.first - this.#next) * SAMPLES;
    if (this.#next !== null && this.#empty < PAUSE) {
      this.count.concealed += Math.max(missing, this.#empty);
      if (missing === 0) this.target = Math.min(MOST, this.target + SAMPLES);
      this.#calm = 0;
    }
    this.#playing = true;
    this.#empty = this.#waited = this.#gain = this.#hole = 0;
    this.#start(first);
  }

  #start(piece: Piece): void {
    this.#at = 0;
    this.#next = piece.last + 1;
    this.begins(piece.first);
  }

  /** The next sample of what plays; fades where nothing follows. */
  #sample(): number {
    if (this.#hole > 0) {
      this.#hole -= 1;
      this.count.concealed += 1;
      return 0;
    }
    const [piece, after] = this.#queue;
    if (!piece) return 0;
    const follows = after?.first === piece.last + 1 && !after.jumps;
    const goal = this.#at < SAMPLES - FADE || follows ? 1 : 0;
    this.#gain += Math.max(-1 / FADE, Math.min(1 / FADE, goal - this.#gain));
    const sample = (piece.samples[this.#at] ?? 0) * this.#gain;
    this.count.played += 1;
    this.count.energy += sample * sample;
    this.#at += 1;
    if (this.#at >= SAMPLES) this.#turn();
    return sample;
  }

  #turn(): void {
    const done = this.#queue.shift();
    const [piece] = this.#queue;
    this.#at = 0;
    if (!piece || !done) {
      this.#playing = false;
      this.#gain = 0;
      return;
    }
    const lost = piece.jumps ? 0 : piece.first - done.last - 1;
    if (lost > 0 && lost <= HOLE) this.#hole = lost * SAMPLES;
    if (lost > 0 || piece.jumps) this.#gain = 0;
    this.#start(piece);
  }

  /** Once a second: is it fuller than it need be? Then two frames become one, blended. */
  #look(length: number): void {
    this.#calm += length;
    if (this.#calm >= CALM) {
      this.#calm = 0;
      this.target = Math.max(LEAST, this.target - SAMPLES);
    }
    this.#least = Math.min(this.#least, this.depth);
    this.#looked += length;
    if (this.#looked < LOOK) return;
    const [, one, two] = this.#queue;
    if (this.#least >= this.target && one && two) this.#queue.splice(1, 2, blended(one, two));
    this.#looked = 0;
    this.#least = Infinity;
  }

  #catchUp(): void {
    while (this.#queue.length > 2 && this.depth > this.target) this.#queue.splice(1, 1);
    const [, after] = this.#queue;
    if (after) after.jumps = true;
  }

  #forget(): void {
    this.#queue = [];
    this.#at = 0;
    this.#next = null;
    this.#playing = false;
    this.#gain = this.#empty = this.#waited = this.#hole = 0;
  }
}

function blended(one: Piece, two: Piece): Piece {
  const samples = one.samples.map((sample, i) => sample + ((two.samples[i] ?? 0) - sample) * (i / SAMPLES));
  return { first: one.first, last: two.last, jumps: one.jumps, samples };
}
