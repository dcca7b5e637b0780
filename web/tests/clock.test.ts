import { expect, test } from "vitest";
import { shownLeft } from "../src/parts/clock";

test.each([
  [90_000, true, 90_000],
  [90_000, false, 90_000],
  [-1_251_000, true, -1_251_000],
  [-1_251_000, false, 0],
])("%i ms left, seen by who conducts (%s), are shown as %i", (left_ms, conducts, shown) => {
  expect(shownLeft(left_ms, conducts)).toBe(shown);
});
