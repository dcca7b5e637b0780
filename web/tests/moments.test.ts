import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { later, look, now_ms, often } from "../src/moments";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** Time goes by, and the browser calls no timer: a hidden, frozen or sleeping page. */
function unheard(ms: number): void {
  vi.setSystemTime(Date.now() + ms);
  const page = performance.now.bind(performance);
  vi.spyOn(performance, "now").mockImplementation(() => page() + ms);
}

describe("a moment", () => {
  test("comes by its timer, once, unless it was cancelled", () => {
    const act = vi.fn();
    later(100, act);
    later(100, act).cancel();
    vi.advanceTimersByTime(99);
    expect(act).not.toHaveBeenCalled();
    vi.advanceTimersByTime(5000);
    look();
    expect(act).toHaveBeenCalledTimes(1);
  });

  test.each([
    ["a message", look],
    ["the network's return", () => dispatchEvent(new Event("online"))],
    ["the page's return", () => dispatchEvent(new Event("pageshow"))],
    ["the page shown or hidden", () => document.dispatchEvent(new Event("visibilitychange"))],
    ["the end of a freeze", () => document.dispatchEvent(new Event("resume"))],
  ])("that no timer brought comes with %s", (_, happens) => {
    const [act, each] = [vi.fn(), vi.fn()];
    later(100, act);
    const watch = often(each);
    unheard(60_000);
    expect(act).not.toHaveBeenCalled();
    happens();
    expect([act.mock.calls.length, each.mock.calls.length]).toEqual([1, 1]);
    watch.cancel();
    happens();
    expect(each).toHaveBeenCalledTimes(1);
  });
});

test("the page's clock counts the sleep that its own clock leaves out, and no small step", () => {
  const before = now_ms();
  vi.setSystemTime(Date.now() + 30_000);
  expect(now_ms() - before).toBe(30_000);
  vi.setSystemTime(Date.now() + 1500);
  expect(now_ms() - before).toBe(30_000);
  vi.setSystemTime(Date.now() - 60_000);
  expect(now_ms() - before).toBe(30_000);
});
