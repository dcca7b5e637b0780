/** How sound is coded where it goes by the page's own connection: Opus, 20 ms, no silence left out (it is a sign of life). */
import { RATE } from "./frames";

export const ENCODING: AudioEncoderConfig = {
  codec: "opus",
  sampleRate: RATE,
  numberOfChannels: 1,
  bitrate: 24_000,
  opus: { frameDuration: 20_000, usedtx: false },
};
export const DECODING: AudioDecoderConfig = { codec: "opus", sampleRate: RATE, numberOfChannels: 1 };
export const FRAME_US = 20_000;
