/** A moment of sound through the codecs of this browser, for the check of the network. */
import { levelOf, RATE, SAMPLES } from "./frames";
import { DECODING, ENCODING, FRAME_US } from "./codec";

/** So many frames of a tone, coded. Rejects where this browser cannot. */
export async function encoded(count: number): Promise<Uint8Array<ArrayBuffer>[]> {
  const frames: Uint8Array<ArrayBuffer>[] = [];
  let fails: (error: Error) => void = () => undefined;
  const failed = new Promise<never>((_, reject) => (fails = reject));
  const encoder = new AudioEncoder({
    output: (chunk) => {
      const frame = new Uint8Array(chunk.byteLength);
      chunk.copyTo(frame);
      frames.push(frame);
    },
    error: fails,
  });
  encoder.configure(ENCODING);
  for (let n = 0; n < count; n += 1) {
    const samples = Float32Array.from({ length: SAMPLES }, (_, i) => 0.5 * Math.sin((i + n * SAMPLES) * 0.0576));
    const data = new AudioData({
      format: "f32-planar",
      sampleRate: RATE,
      numberOfFrames: SAMPLES,
      numberOfChannels: 1,
      timestamp: n * FRAME_US,
      data: samples,
    });
    encoder.encode(data);
    data.close();
  }
  await Promise.race([encoder.flush(), failed]);
  encoder.close();
  return frames.slice(0, count);
}

/** Whether sound comes out of them. Rejects where this browser cannot. */
export async function decodes(frames: ArrayBuffer[]): Promise<boolean> {
  let loudest = 127;
  let fails: (error: Error) => void = () => undefined;
  const failed = new Promise<never>((_, reject) => (fails = reject));
  const decoder = new AudioDecoder({
    output: (data) => {
      const samples = new Float32Array(data.numberOfFrames);
      data.copyTo(samples, { planeIndex: 0, format: "f32-planar" });
      data.close();
      loudest = Math.min(loudest, levelOf(samples));
    },
    error: fails,
  });
  decoder.configure(DECODING);
  frames.forEach((data, n) => {
    decoder.decode(new EncodedAudioChunk({ type: "key", timestamp: n * FRAME_US, data }));
  });
  await Promise.race([decoder.flush(), failed]);
  decoder.close();
  return loudest < 40;
}
