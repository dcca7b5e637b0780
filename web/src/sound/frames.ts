/**
 * Frames of sound as they go over the page's own socket (protocols/wire.md, "Sound by the page's own connection"): pure, bytes
 * in and bytes out. All numbers are big-endian.
 */

export const SAMPLES = 960;
export const RATE = 48_000;
/** The level of silence (RFC 6464). */
export const SILENT = 127;
const UP_BYTES = 7;
const DOWN_BYTES = 8;

/** A frame of the seat at `place` of the room's seats; `number` wraps at 16 bits. */
export interface Heard {
  place: number;
  number: number;
  opus: Uint8Array;
}

/** The n-th frame that this page sends. */
export function frame(n: number, level: number, opus: Uint8Array): Uint8Array {
  const data = new Uint8Array(UP_BYTES + opus.length);
  const view = new DataView(data.buffer);
  view.setUint16(0, n & 0xffff);
  view.setUint32(2, (n * SAMPLES) >>> 0);
  view.setUint8(6, level);
  data.set(opus, UP_BYTES);
  return data;
}

/** So many frames have come. */
export function receipt(total: number): Uint8Array {
  const data = new Uint8Array(4);
  new DataView(data.buffer).setUint32(0, total >>> 0);
  return data;
}

/** What the server sent; null for what is no frame. */
export function heard(data: ArrayBuffer): Heard | null {
  if (data.byteLength <= DOWN_BYTES) return null;
  const view = new DataView(data);
  return { place: view.getUint8(0), number: view.getUint16(1), opus: new Uint8Array(data, DOWN_BYTES) };
}

/** How loud it is, in -dBov: 0 for the loudest square wave, 127 for silence. */
export function levelOf(samples: Float32Array): number {
  let power = 0;
  for (const sample of samples) power += sample * sample;
  const db = 10 * Math.log10(power / Math.max(1, samples.length));
  return Number.isFinite(db) ? Math.min(SILENT, Math.max(0, Math.round(-db))) : SILENT;
}

/** Numbers of 16 bits as ones that never wrap; the first one counts from itself. */
export class Unwrapped {
  #last: number | null = null;

  next(number: number): number {
    const last = this.#last ?? number;
    const step = ((number - (last & 0xffff) + 0x18000) & 0xffff) - 0x8000;
    return (this.#last = last + step);
  }
}
