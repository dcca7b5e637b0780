import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Outbox } from "../src/outbox";
import { inThisTab } from "../src/storage";
import type { BrowserMessage, SeatCommand } from "../src/wire.gen";

const KEY = "drafts.s.p1";
const HAND: SeatCommand = { type: "raise_hand", kind: "question" };

let sent: BrowserMessage[];
let up: boolean;

function page(changed: () => void = () => undefined): Outbox {
  const send = (message: BrowserMessage): boolean => {
    if (up) sent.push(message);
    return up;
  };
  return new Outbox(send, KEY, changed);
}

/** The newest message of this type that went out. */
function last<T extends BrowserMessage["type"]>(type: T): Extract<BrowserMessage, { type: T }> {
  const found = sent.findLast((message) => message.type === type);
  if (!found) throw new Error(`no ${type} was sent`);
  return found as Extract<BrowserMessage, { type: T }>;
}

beforeEach(() => {
  inThisTab.remove(KEY);
  sent = [];
  up = true;
});

describe("what is asked", () => {
  test("goes out again under the same id after each welcome, until it is answered", async () => {
    const outbox = page();
    const answer = outbox.ask(HAND);
    const { id } = last("command");
    outbox.resend();
    outbox.resend();
    expect(sent).toEqual(Array(3).fill({ type: "command", id, command: HAND }));
    expect(outbox.answered({ type: "accepted", id, seq: 1 })).toBe(true);
    expect(await answer).toEqual({ ok: true });
    outbox.resend();
    expect(sent).toHaveLength(3);
  });

  test("waits while the connection is down, and keeps the order in which it was said", () => {
    const outbox = page();
    up = false;
    void outbox.ask(HAND);
    void outbox.note({ to: null, preset: "call_lead" });
    void outbox.ask({ type: "lower_hand" });
    up = true;
    outbox.resend();
    expect(sent.map((message) => (message.type === "command" ? message.command.type : message.type))).toEqual([
      "raise_hand",
      "send_note",
      "lower_hand",
    ]);
  });

  test("has an id of its own each time", () => {
    const outbox = page();
    void outbox.ask(HAND);
    void outbox.ask(HAND);
    expect(new Set(sent.map((message) => ("id" in message ? message.id : ""))).size).toBe(2);
    expect(last("command").id).toMatch(/^[A-Za-z0-9_-]{8,40}$/);
  });

  test("is refused with its code, and is not asked again", async () => {
    const outbox = page();
    const answer = outbox.ask(HAND);
    outbox.answered({ type: "refused", id: last("command").id, code: "stale", field: "", detail: "phase" });
    expect(await answer).toEqual({ ok: false, code: "stale", detail: "phase" });
    outbox.resend();
    expect(sent).toHaveLength(1);
  });

  test("is none of its business when it is another page's", () => {
    expect(page().answered({ type: "accepted", id: "elsewhere1", seq: 1 })).toBe(false);
    expect(page().answered({ type: "ping", n: 1 })).toBe(false);
  });

  describe("of a server that cannot just now", () => {
    beforeEach(() => void vi.useFakeTimers());
    afterEach(() => void vi.useRealTimers());

    const busy = (retry: boolean) =>
      ({ type: "error", id: last("command").id, code: "store_busy", place: "", fix: "", retry }) as const;

    test("goes out once more in a moment, under the same id", () => {
      const outbox = page();
      void outbox.ask(HAND);
      expect(outbox.answered(busy(true))).toBe(true);
      vi.advanceTimersByTime(300);
      expect(sent).toHaveLength(1);
      vi.advanceTimersByTime(1200);
      expect(sent).toHaveLength(2);
      expect(sent[1]).toEqual(sent[0]);
    });

    test("does not when it was answered meanwhile", () => {
      const outbox = page();
      void outbox.ask(HAND);
      outbox.answered(busy(true));
      outbox.answered({ type: "accepted", id: last("command").id, seq: 1 });
      vi.advanceTimersByTime(2000);
      expect(sent).toHaveLength(1);
    });

    test("ends where there is no use in trying again", async () => {
      const outbox = page();
      const answer = outbox.ask(HAND);
      outbox.answered(busy(false));
      expect(await answer).toEqual({ ok: false, code: "store_busy", detail: "" });
    });

    test("keeps a draft, too", () => {
      const outbox = page();
      outbox.draft("question", { text: "Qui" });
      outbox.answered({ ...busyDraft(), retry: true });
      vi.advanceTimersByTime(2000);
      expect(sent).toHaveLength(2);
      expect(outbox.unsaved("question")).toEqual({ text: "Qui" });
    });

    const busyDraft = () => ({ type: "error", id: last("draft").id, code: "store_busy", place: "", fix: "" }) as const;
  });
});

describe("a draft", () => {
  test("replaces the one before, and is kept until its own acknowledgement comes", () => {
    const changed = vi.fn();
    const outbox = page(changed);
    outbox.draft("question", { text: "Qui" });
    const first = last("draft").id;
    outbox.draft("question", { text: "Qui peut" });
    outbox.answered({ type: "draft_saved", id: first, hints: [] });
    expect(outbox.unsaved("question")).toEqual({ text: "Qui peut" });
    expect(changed).not.toHaveBeenCalled();
    outbox.answered({ type: "draft_saved", id: last("draft").id, hints: [] });
    expect(outbox.unsaved("question")).toBeUndefined();
    expect(outbox.saved("question")).toEqual({ text: "Qui peut" });
    expect(changed).toHaveBeenCalledOnce();
  });

  test("goes out again after a welcome, under the same id", () => {
    const outbox = page();
    up = false;
    outbox.draft("question", { text: "Qui" });
    outbox.draft("topic", { text: "Dire non" });
    up = true;
    outbox.resend();
    const again = [...sent];
    outbox.resend();
    expect(again).toHaveLength(2);
    expect(sent.slice(2)).toEqual(again);
  });

  test("does not come after the text that was handed in", () => {
    const outbox = page();
    up = false;
    outbox.draft("question", { text: "Qui" }, true);
    void outbox.ask({ type: "submit_capture", capture: "question", fields: { text: "Qui peut ?" } });
    up = true;
    outbox.resend();
    expect(sent.map(({ type }) => type)).toEqual(["command"]);
    expect(outbox.unsaved("question")).toBeUndefined();
    page().resend(); // nor after a reload
    expect(sent.map(({ type }) => type)).toEqual(["command"]);
  });

  test("stays when another text is handed in", () => {
    const outbox = page();
    outbox.draft("topic", { text: "Dire non" });
    void outbox.ask({ type: "submit_capture", capture: "question", fields: { text: "Qui peut ?" } });
    expect(outbox.unsaved("topic")).toEqual({ text: "Dire non" });
  });

  test("survives a reload: the same text, under the same id, and nobody is at it any more", () => {
    page().draft("question", { text: "Qui peut" }, true);
    const before = last("draft");
    const outbox = page();
    expect(outbox.unsaved("question")).toEqual({ text: "Qui peut" });
    outbox.resend();
    expect(last("draft")).toEqual({ ...before, typing: false });
    outbox.answered({ type: "draft_saved", id: before.id, hints: [] });
    expect(page().unsaved("question")).toBeUndefined();
  });

  test("that the rules refuse is given up, as it would be refused for ever", () => {
    const outbox = page();
    outbox.draft("question", { text: "Qui" });
    expect(outbox.answered({ type: "refused", id: last("draft").id, code: "not_now", field: "", detail: "" })).toBe(
      true,
    );
    expect(outbox.unsaved("question")).toBeUndefined();
  });

  test("that the server cannot read is given up, too", () => {
    const outbox = page();
    outbox.draft("question", { text: "Qui" });
    const { id } = last("draft");
    outbox.answered({ type: "error", id, code: "bad_message", place: "capture", fix: "", retry: false });
    expect(outbox.unsaved("question")).toBeUndefined();
  });

  test("brings hints back with the words that they are about, counted in code points", () => {
    const outbox = page();
    outbox.draft("question", { text: "😀 As-tu essayé ?" });
    const hint = { field: "text", kind: "advice_in_disguise", start: 2, end: 8 } as const;
    outbox.answered({ type: "draft_saved", id: last("draft").id, hints: [hint] });
    expect(outbox.hints("question")).toEqual([{ field: "text", kind: "advice_in_disguise", words: "As-tu " }]);
    outbox.forget("question");
    expect(outbox.hints("question")).toEqual([]);
    expect(outbox.saved("question")).toBeUndefined();
  });
});

test("where the browser keeps nothing, a draft lasts as long as the page", () => {
  vi.spyOn(globalThis, "sessionStorage", "get").mockImplementation(() => {
    throw new DOMException("", "SecurityError");
  });
  const outbox = page();
  outbox.draft("question", { text: "Qui" });
  outbox.resend();
  expect(sent.map((message) => message.type === "draft" && message.fields)).toEqual([{ text: "Qui" }, { text: "Qui" }]);
  expect(outbox.unsaved("question")).toEqual({ text: "Qui" });
});
