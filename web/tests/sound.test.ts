import { describe, expect, test } from "vitest";
import { frame, heard, levelOf, receipt, RATE, SAMPLES, Unwrapped } from "../src/sound/frames";
import { BRIDGE_MS, CHANGE_MS, DOWN_MS, Ladder, LOOK_MS } from "../src/sound/ladder";
import { Playout } from "../src/sound/playout";

describe("frames", () => {
  test("go up as the wire says, and come down with the place of their seat", () => {
    const opus = Uint8Array.of(9, 8, 7);
    expect([...frame(65_537, 20, opus)]).toEqual([0, 1, 3, 192, 3, 192, 20, 9, 8, 7]);
    expect([...receipt(258)]).toEqual([0, 0, 1, 2]);
    const down = Uint8Array.of(4, 0, 1, 3, 192, 3, 192, 20, 9, 8, 7);
    expect(heard(down.buffer)).toEqual({ place: 4, number: 1, opus });
    expect(heard(new ArrayBuffer(8))).toBeNull();
  });

  test("tell how loud they are", () => {
    expect(levelOf(new Float32Array(SAMPLES))).toBe(127);
    expect(levelOf(new Float32Array(SAMPLES).fill(1))).toBe(0);
    expect(levelOf(new Float32Array(SAMPLES).fill(0.1))).toBe(20);
  });

  test("are numbered on where 16 bits end", () => {
    const numbers = new Unwrapped();
    expect([65_534, 65_535, 0, 2, 1].map((number) => numbers.next(number))).toEqual([
      65_534, 65_535, 65_536, 65_538, 65_537,
    ]);
  });
});

describe("a voice on its way to the loudspeaker", () => {
  const QUANTUM = 128;
  function tone(number: number): Float32Array {
    const samples = new Float32Array(SAMPLES);
    for (let i = 0; i < SAMPLES; i += 1) samples[i] = 0.5 * Math.sin(0.05 * (number * SAMPLES + i));
    return samples;
  }

  /** Plays for so many frames' time; `push` brings what comes in each. */
  function play(playout: Playout, frames: number, push: (n: number) => void): number[] {
    const out: number[] = [];
    let due = 0;
    for (let at = 0; at < frames * SAMPLES; at += QUANTUM) {
      for (; due * SAMPLES <= at; due += 1) push(due);
      const quantum = new Float32Array(QUANTUM);
      playout.render(quantum);
      out.push(...quantum);
    }
    return out;
  }

  /** The widest step from one sample to the next: the tone's own is 0.025, a full one fading 0.03. */
  const click = (out: number[]): number =>
    Math.max(...out.slice(1).map((sample, i) => Math.abs(sample - (out[i] ?? 0))));

  test("begins after 60 ms, goes on without a gap, and misses nothing", () => {
    const playout = new Playout();
    const out = play(playout, 100, (n) => playout.push(n, tone(n)));
    expect(playout.count.concealed).toBe(0);
    expect(playout.count.played).toBeGreaterThan(96 * SAMPLES);
    expect(out.findIndex((sample) => sample !== 0) / RATE).toBeCloseTo(0.04, 2);
    expect(click(out)).toBeLessThan(0.03);
  });

  test("fades around what was lost, and counts it", () => {
    const playout = new Playout();
    const out = play(playout, 100, (n) => n % 20 === 10 || playout.push(n, tone(n)));
    expect(playout.count.concealed).toBe(5 * SAMPLES);
    expect(click(out)).toBeLessThan(0.03);
  });

  test("waits longer once it ran empty, at most 200 ms, and less again when all is calm", () => {
    const playout = new Playout();
    const bursts = (n: number): void => {
      // As a network brings it that holds back for 160 ms and lets go.
      if (n % 8 === 7) for (let one = n - 7; one <= n; one += 1) playout.push(one, tone(one));
    };
    const out = play(playout, 400, bursts);
    expect(click(out)).toBeLessThan(0.03);
    expect(playout.target).toBeGreaterThan(3 * SAMPLES);
    expect(playout.target).toBeLessThanOrEqual(10 * SAMPLES);
    const { concealed } = playout.count;
    play(playout, 400, (n) => bursts(400 + n));
    expect(playout.count.concealed).toBe(concealed); // it has learned
    const grown = playout.target;
    play(playout, 3000, (n) => playout.push(800 + n, tone(800 + n)));
    expect(playout.target).toBeLessThan(grown);
    expect(playout.depth).toBeLessThan(6 * SAMPLES);
  }, 30_000); // three million samples, on a machine that does other things too

  test("throws away what is far too late, and clicks not even then", () => {
    const playout = new Playout();
    const out = play(playout, 50, (n) => {
      if (n === 5) for (let one = 5; one < 45; one += 1) playout.push(one, tone(one));
      else if (n < 5) playout.push(n, tone(n));
    });
    expect(click(out)).toBeLessThan(0.03);
    expect(playout.count.played).toBeLessThan(25 * SAMPLES);
  });

  test("a pause of the speaker is nothing lost, and a new page of theirs is heard", () => {
    const playout = new Playout();
    play(playout, 20, (n) => playout.push(n, tone(n)));
    play(playout, 100, () => undefined);
    play(playout, 20, (n) => playout.push(2000 + n, tone(n)));
    play(playout, 100, () => undefined);
    const { played } = playout.count;
    play(playout, 20, (n) => playout.push(n, tone(n)));
    expect(playout.count.concealed).toBe(0);
    expect(playout.count.played).toBeGreaterThan(played + 10 * SAMPLES);
  });
});

describe("the ladder", () => {
  /** Steps of a second each; the steps taken, with their second. */
  function walk(ladder: Ladder, seconds: number, up: (s: number) => boolean, good: (s: number) => boolean, from = 0) {
    const taken: [number, string][] = [];
    for (let s = from; s < from + seconds; s += 1) {
      const before = ladder.step;
      ladder.peers(up(s), s * 1000);
      if (ladder.looks(s * 1000)) ladder.looked(good(s), s * 1000 + 500);
      if (ladder.step !== before) taken.push([s, ladder.step]);
    }
    return taken;
  }

  test("stays where a peer connection comes up in time", () => {
    expect(
      walk(
        new Ladder(),
        60,
        (s) => s >= 7,
        () => true,
      ),
    ).toEqual([]);
  });

  test("bridges one that breaks while it heals, as often as it breaks, and goes down if it does not heal", () => {
    const ladder = new Ladder();
    ladder.peers(true, 0);
    expect(ladder.peers(false, 1000)).toBe(false);
    expect(ladder.peers(false, 1000 + BRIDGE_MS)).toBe(true);
    expect(ladder.step).toBe("bridged");
    expect(ladder.peers(true, 3000)).toBe(true);
    expect(ladder.step).toBe("peers");
    expect(
      walk(
        ladder,
        20,
        (s) => s < 6,
        () => false,
        4,
      ),
    ).toEqual([
      [7, "bridged"],
      [6 + DOWN_MS / 1000, "socket"],
    ]);
  });

  test("bridges nothing while the server itself is away", () => {
    const ladder = new Ladder();
    ladder.peers(true, 0);
    for (let ms = 1000; ms < DOWN_MS; ms += 1000) expect(ladder.peers(false, ms, false, false)).toBe(false);
  });

  test("waits for a look to be over, however long it takes", () => {
    const ladder = new Ladder();
    ladder.peers(false, 0, true);
    expect(ladder.looks(LOOK_MS)).toBe(true);
    expect(ladder.looks(2 * LOOK_MS)).toBe(false);
    ladder.looked(true, 2.2 * LOOK_MS);
    expect(ladder.looks(2.3 * LOOK_MS)).toBe(true);
    expect(ladder.looked(true, 3.5 * LOOK_MS)).toBe(true);
    expect(ladder.step).toBe("rising");
  });

  test("goes down within 8 s, and at once where there can be none", () => {
    expect(
      walk(
        new Ladder(),
        30,
        () => false,
        () => false,
      ),
    ).toEqual([[DOWN_MS / 1000, "socket"]]);
    const bare = new Ladder();
    expect(bare.peers(false, 0, true)).toBe(true);
    expect(bare.step).toBe("socket");
  });

  test("goes up after two good looks, and only when a peer connection really came up beside", () => {
    const taken = walk(
      new Ladder(),
      60,
      (s) => s >= 31,
      () => true,
    );
    expect(taken).toEqual([
      [8, "socket"],
      [28, "rising"],
      [31, "peers"],
    ]);
    const vain = walk(
      new Ladder(),
      60,
      () => false,
      () => true,
    );
    expect(vain.map(([, step]) => step)).toEqual(["socket", "rising", "socket", "rising"]);
  });

  test("one bad look begins anew, and there is at most one change in 20 s", () => {
    const ladder = new Ladder();
    const taken = walk(
      ladder,
      200,
      (s) => s % 40 >= 39,
      (s) => s % 3 > 0,
    );
    const changes = taken.filter(
      ([, step], i) => step === "peers" || (step === "socket" && taken[i - 1]?.[1] !== "rising"),
    );
    for (const [i, [s]] of changes.entries())
      if (i > 0) expect(s - (changes[i - 1]?.[0] ?? 0)).toBeGreaterThanOrEqual(CHANGE_MS / 1000);
    expect(LOOK_MS).toBe(10_000);
  });
});
