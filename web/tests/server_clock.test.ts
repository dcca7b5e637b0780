import { beforeEach, describe, expect, test } from "vitest";
import { ServerClock } from "../src/server_clock";

let local_ms: number;
let clock: ServerClock;

beforeEach(() => {
  local_ms = 1000;
  clock = new ServerClock(() => local_ms);
});

/** A ping that the server, `ahead_ms` before this page, got after `there_ms` and whose answer took `back_ms`. */
function ping(ahead_ms: number, there_ms: number, back_ms: number): void {
  const sent_ms = local_ms;
  local_ms += there_ms + back_ms;
  clock.pong({ type: "clock_pong", sent_ms, server_ms: sent_ms + there_ms + ahead_ms });
}

/** How far the clock is ahead of this page's own. */
const ahead_ms = (): number => clock.now() - local_ms;

describe("the first guess", () => {
  test("is the view's anchor, at once", () => {
    clock.guess({ server_ms: 50_000, session_ms: 0, speed: 1, wall_ms: 0 });
    expect(clock.now()).toBe(50_000);
    local_ms += 250;
    expect(clock.now()).toBe(50_250);
  });

  test("is taken no more once there is a ping, however late a view comes", () => {
    ping(5000, 20, 20);
    clock.guess({ server_ms: 50_000, session_ms: 0, speed: 1, wall_ms: 0 });
    expect(ahead_ms()).toBe(5000);
  });
});

describe("pings", () => {
  test.each([7_200_000, -7_200_000, 0])("find a server whose clock is %i ms ahead", (offset_ms) => {
    for (let n = 0; n < 8; n += 1) ping(offset_ms, 30, 30);
    expect(ahead_ms()).toBe(offset_ms);
  });

  test("take half of the round trip for the way back", () => {
    ping(0, 400, 0);
    expect(ahead_ms()).toBe(200);
  });

  test("that were slow do not count: they may have waited on one way", () => {
    for (const offset_ms of [1000, 1001, 1002, 1003, 1004, 1005]) ping(offset_ms, 20, 20);
    ping(1000, 20, 3000);
    ping(1000, 20, 2000);
    expect(ahead_ms()).toBe(1003);
  });

  test("are weighed by their median: one that lies between the others decides", () => {
    ping(1000, 20, 20);
    ping(1004, 20, 20);
    ping(1900, 20, 20);
    expect(ahead_ms()).toBe(1004);
  });

  test("that were sent in the future count as instant", () => {
    clock.pong({ type: "clock_pong", sent_ms: local_ms + 100, server_ms: local_ms + 700 });
    expect(ahead_ms()).toBe(700);
  });

  test("are forgotten after twelve", () => {
    for (let n = 0; n < 12; n += 1) ping(1000, 20, 20);
    for (let n = 0; n < 12; n += 1) ping(1040, 20, 20);
    clock.now();
    local_ms += 10_000;
    expect(ahead_ms()).toBe(1040);
  });
});

describe("a clock that was wrong", () => {
  test("is approached, never by a jump: a twentieth of the time that goes by, in both directions", () => {
    for (const [from_ms, to_ms, step_ms] of [
      [1000, 1200, 50],
      [1000, 800, -50],
    ] as const) {
      clock = new ServerClock(() => local_ms);
      for (let n = 0; n < 8; n += 1) ping(from_ms, 20, 20);
      for (let n = 0; n < 12; n += 1) ping(to_ms, 20, 20);
      clock.now();
      const before_ms = ahead_ms();
      local_ms += 1000;
      expect(ahead_ms() - before_ms).toBeCloseTo(step_ms);
      local_ms += 10_000;
      expect(ahead_ms()).toBe(to_ms);
    }
  });

  test("never runs backwards", () => {
    for (let n = 0; n < 8; n += 1) ping(1000, 20, 20);
    for (let n = 0; n < 12; n += 1) ping(-9000, 20, 20);
    let before_ms = clock.now();
    for (let n = 0; n < 100; n += 1) {
      local_ms += 16;
      const now_ms = clock.now();
      expect(now_ms).toBeGreaterThan(before_ms);
      before_ms = now_ms;
    }
  });

  test("is set at once on a new connection, which may be to another server", () => {
    for (let n = 0; n < 12; n += 1) ping(1000, 20, 20);
    clock.restart();
    ping(90_000, 20, 20);
    expect(ahead_ms()).toBe(90_000);
  });
});
