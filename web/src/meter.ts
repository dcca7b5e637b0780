/** How loud the own microphone is, 0 to 1, drawn as often as the screen is; and a tone for the loudspeaker test. */

import { playOn, soundContext } from "./capabilities";

/** Calls `show` with the level until the returned function is called; never where the browser measures no sound. */
export function meter(track: MediaStreamTrack, show: (level: number) => void): () => void {
  const context = soundContext();
  if (!context) return () => undefined;
  const source = context.createMediaStreamSource(new MediaStream([track]));
  const analyser = context.createAnalyser();
  analyser.fftSize = 512;
  source.connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  let level = 0;
  let frame = 0;
  const draw = (): void => {
    analyser.getFloatTimeDomainData(samples);
    const power = samples.reduce((sum, value) => sum + value * value, 0) / samples.length;
    const decibel = 10 * Math.log10(power + 1e-10);
    const now = Math.min(1, Math.max(0, (decibel + 60) / 50));
    level = Math.max(now, level * 0.9);
    show(level);
    frame = requestAnimationFrame(draw);
  };
  void context.resume().catch(() => undefined);
  draw();
  return () => {
    cancelAnimationFrame(frame);
    source.disconnect();
    void context.close().catch(() => undefined);
  };
}

/** Two soft notes on the chosen loudspeaker. Resolves when they have sounded; false where the browser makes no sound. */
export async function tone(speaker: string): Promise<boolean> {
  const context = soundContext();
  if (!context) return false;
  if (speaker) await playOn(context, speaker);
  const gain = context.createGain();
  gain.connect(context.destination);
  gain.gain.value = 0;
  const end = [523.25, 659.25].reduce((at, frequency) => {
    const note = context.createOscillator();
    note.frequency.value = frequency;
    note.connect(gain);
    note.start(at);
    note.stop(at + 0.4);
    gain.gain.linearRampToValueAtTime(0.15, at + 0.03);
    gain.gain.linearRampToValueAtTime(0, at + 0.38);
    return at + 0.4;
  }, context.currentTime + 0.05);
  await new Promise((done) => setTimeout(done, (end - context.currentTime) * 1000 + 50));
  void context.close().catch(() => undefined);
  return true;
}
