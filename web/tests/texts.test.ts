import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Outbox } from "../src/outbox";
import { inThisTab } from "../src/storage";
import { Texts } from "../src/texts";
import type { BrowserMessage, SaveDraft } from "../src/wire.gen";

let sent: BrowserMessage[];
let outbox: Outbox;
let changed: () => void;

function page(): Texts {
  outbox = new Outbox(
    (message) => sent.push(message) > 0,
    "drafts.s.p1",
    () => undefined,
  );
  return new Texts(outbox, "texts.s.p1", changed);
}

const drafts = (): SaveDraft[] => sent.filter((message) => message.type === "draft");
const said = (): [string | undefined, boolean | undefined][] =>
  drafts().map(({ fields, typing }) => [fields["text"], typing]);

beforeEach(() => {
  vi.useFakeTimers();
  inThisTab.remove("drafts.s.p1");
  inThisTab.remove("texts.s.p1");
  document.body.innerHTML = "";
  sent = [];
  changed = vi.fn();
});

afterEach(() => {
  vi.useRealTimers();
});

describe("a capture that is typed", () => {
  test("goes out with its first character, then twice a second at most, then once more as finished", () => {
    const texts = page();
    texts.type("question", { text: "Q" });
    expect(said()).toEqual([["Q", true]]);
    texts.type("question", { text: "Qu" });
    texts.type("question", { text: "Qui" });
    expect(said()).toHaveLength(1);
    vi.advanceTimersByTime(500);
    expect(said()).toEqual([
      ["Q", true],
      ["Qui", true],
    ]);
    vi.advanceTimersByTime(1500);
    expect(said().at(-1)).toEqual(["Qui", false]);
    vi.advanceTimersByTime(60_000);
    expect(said()).toHaveLength(3);
  });

  test("goes out twice a second while it is being written, no more", () => {
    const texts = page();
    for (let n = 0; n < 50; n += 1) {
      texts.type("question", { text: "Q".repeat(n + 1) });
      vi.advanceTimersByTime(100);
    }
    expect(drafts()).toHaveLength(11); // at once, then ten in five seconds
    expect(said().every(([, typing]) => typing)).toBe(true);
  });

  test("is kept in the tab with every character, even between two drafts", () => {
    const texts = page();
    texts.type("question", { text: "Q" });
    texts.type("question", { text: "Qui" });
    page();
    expect(outbox.unsaved("question")).toEqual({ text: "Qui" });
  });

  test("sends nothing after it was handed in", () => {
    const texts = page();
    texts.type("question", { text: "Q" });
    texts.type("question", { text: "Qui ?" });
    texts.done("question");
    void outbox.ask({ type: "submit_capture", capture: "question", fields: { text: "Qui ?" } });
    vi.advanceTimersByTime(60_000);
    outbox.resend();
    expect(drafts()).toHaveLength(1);
    expect(sent.at(-1)).toMatchObject({ type: "command" });
  });

  test("does not wait for another one", () => {
    const texts = page();
    texts.type("question", { text: "Q" });
    texts.type("topic", { text: "D" });
    expect(drafts().map(({ capture }) => capture)).toEqual(["question", "topic"]);
  });

  test("goes out as it stands when the page is hidden", () => {
    const texts = page();
    texts.type("question", { text: "Q" });
    texts.type("question", { text: "Qui" });
    dispatchEvent(new Event("pagehide"));
    expect(said().at(-1)).toEqual(["Qui", true]);
  });
});

describe("whether somebody is at it", () => {
  test("is so for two seconds after the last key", () => {
    const texts = page();
    texts.type("question", { text: "Q" });
    vi.advanceTimersByTime(1500);
    texts.type("question", { text: "Qu" });
    vi.advanceTimersByTime(1500);
    expect([texts.writing("question"), texts.writing("topic"), texts.unfinished]).toEqual([true, false, true]);
    vi.advanceTimersByTime(500);
    expect([texts.writing("question"), texts.unfinished]).toEqual([false, false]);
  });

  test("is so for as long as an input method is open", () => {
    document.body.innerHTML = `<div data-text="question"><textarea></textarea></div>`;
    const area = document.querySelector("textarea");
    const texts = page();
    texts.type("question", { text: "に" });
    area?.dispatchEvent(new Event("compositionstart", { bubbles: true }));
    vi.advanceTimersByTime(30_000);
    expect(texts.writing("question")).toBe(true);
    expect(said().every(([, typing]) => typing)).toBe(true);
    area?.dispatchEvent(new Event("compositionend", { bubbles: true }));
    vi.advanceTimersByTime(2000);
    expect(texts.writing("question")).toBe(false);
    expect(said().at(-1)).toEqual(["に", false]);
  });

  test("is told by the caret, too", () => {
    document.body.innerHTML = `<div data-text="note_p2"><input /></div>`;
    const texts = page();
    document.querySelector("input")?.focus();
    expect([texts.at("note_p2"), texts.at("question"), texts.unfinished]).toEqual([true, false, false]);
    texts.keep("note_p2", "Bonjour");
    vi.advanceTimersByTime(10_000);
    expect([texts.writing("note_p2"), texts.unfinished]).toEqual([false, true]);
    document.querySelector("input")?.blur();
    expect(texts.unfinished).toBe(false);
  });
});

describe("a text that is no capture", () => {
  test("survives a reload, until it is sent or given up", () => {
    page().keep("note_p2", "Bonjour");
    const texts = page();
    expect(texts.kept("note_p2")).toBe("Bonjour");
    expect(texts.kept("note_p3")).toBeUndefined();
    texts.done("note_p2");
    expect(page().kept("note_p2")).toBeUndefined();
    expect(sent).toEqual([]);
  });

  test("lasts as long as the page where the browser keeps nothing", () => {
    vi.spyOn(globalThis, "sessionStorage", "get").mockImplementation(() => {
      throw new DOMException("", "SecurityError");
    });
    const texts = page();
    texts.keep("note_p2", "Bonjour");
    expect(texts.kept("note_p2")).toBe("Bonjour");
  });
});
