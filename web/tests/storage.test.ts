import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { forGood, inThisTab } from "../src/storage";

beforeEach(() => {
  sessionStorage.clear();
  localStorage.clear();
});

afterEach(() => {
  inThisTab.remove("a");
});

test("what is kept stands in the store that was meant, for the next page", () => {
  inThisTab.set("a", "1");
  forGood.set("a", "2");
  expect([sessionStorage.getItem("a"), localStorage.getItem("a")]).toEqual(["1", "2"]);
  expect([inThisTab.get("a"), forGood.get("a")]).toEqual(["1", "2"]);
  inThisTab.remove("a");
  expect([inThisTab.get("a"), forGood.get("a")]).toEqual([null, "2"]);
});

describe("a store that may not be named at all", () => {
  beforeEach(() => {
    vi.spyOn(globalThis, "sessionStorage", "get").mockImplementation(() => {
      throw new DOMException("", "SecurityError");
    });
  });

  test("is as good as an empty one, for this page", () => {
    expect(inThisTab.get("a")).toBeNull();
    inThisTab.set("a", "1");
    expect(inThisTab.get("a")).toBe("1");
    inThisTab.set("a", "2");
    expect(inThisTab.get("a")).toBe("2");
    inThisTab.remove("a");
    expect(inThisTab.get("a")).toBeNull();
  });
});

describe("a store that is full", () => {
  test("gives up what is older than what it refuses: a reload must not bring it back", () => {
    inThisTab.set("a", "1");
    const store = sessionStorage;
    const full: Pick<Storage, "getItem" | "removeItem" | "setItem"> = {
      getItem: (key) => store.getItem(key),
      removeItem: (key) => store.removeItem(key),
      setItem: () => {
        throw new DOMException("", "QuotaExceededError");
      },
    };
    vi.stubGlobal("sessionStorage", full);
    inThisTab.set("a", "2");
    expect(inThisTab.get("a")).toBe("2");
    expect(store.getItem("a")).toBeNull();
    vi.unstubAllGlobals();
    inThisTab.set("a", "3"); // there is room again
    expect(inThisTab.get("a")).toBe("3");
    expect(sessionStorage.getItem("a")).toBe("3");
  });
});
