/** What a page notices about itself: that nobody answers, that it is old, that it must not be closed by mistake. */
import { render } from "lit";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Caller } from "../src/caller";
import { askBeforeClosing } from "../src/closing";
import { alone } from "../src/parts/screens";
import { Room } from "../src/room";
import { forGood, inThisTab } from "../src/storage";
import { OPENERS } from "../src/transport";
import { speak } from "../src/words";
import type { Own, ViewMessage } from "../src/wire.gen";
import { boot } from "./boot";
import { FakeSocket } from "./fake_socket";
import { goldenView } from "./golden";

const BOOT = boot({ "say.your_turn": "Your turn." }, "old");

let room: Room;
let view: ViewMessage & { common: NonNullable<ViewMessage["common"]> };
let reloads: () => void;

/** The view comes, changed in what is one's own. */
function sees(own: Partial<Own>, common: object = {}): void {
  view = structuredClone(view);
  Object.assign(view.own, own);
  Object.assign(view.common, common);
  FakeSocket.last.says(view);
}

/** Time goes by, on a connection that lives. */
function wait(s: number): void {
  for (let n = 0; n < s; n += 1) {
    FakeSocket.last.says({ type: "ping", n });
    vi.advanceTimersByTime(1000);
  }
}

/** Whether the browser would ask before the tab is closed. */
function asks(): boolean {
  return !dispatchEvent(new Event("beforeunload", { cancelable: true }));
}

const QUIET = { floor: { ...goldenView().common?.floor, turn: null, holder: null } };

async function start(place: "lobby" | "room"): Promise<void> {
  inThisTab.set("place.s.p2", place);
  room = new Room(BOOT);
  room.start();
  await vi.advanceTimersByTimeAsync(0);
}

beforeEach(() => {
  vi.useFakeTimers();
  FakeSocket.install();
  vi.stubGlobal("navigator", {}); // neither camera nor locks
  vi.spyOn(OPENERS, "events").mockImplementation(OPENERS.socket);
  reloads = vi.fn();
  vi.spyOn(location, "reload").mockImplementation(reloads);
  speak("en", BOOT.words);
  for (const key of ["renewed.old", "reloaded"]) inThisTab.remove(key);
  view = goldenView() as typeof view;
  view.own = { ...view.own, seat: "p2", leads: false, my_turn: false, may_be_heard: false };
  Object.assign(view.common, { end_proposal: null }, QUIET);
});

afterEach(() => {
  room.leave();
  vi.useRealTimers();
});

describe("nobody answers", () => {
  test("for 15 s, by whichever way: then there is more to say, until a welcome", async () => {
    await start("lobby");
    for (let s = 0; s < 14; s += 1) {
      FakeSocket.last.closes();
      vi.advanceTimersByTime(1000);
    }
    expect([room.link, room.stuck]).toEqual(["lost", false]);
    vi.advanceTimersByTime(1000);
    expect(room.stuck).toBe(true);
    FakeSocket.last.welcomes();
    expect([room.link, room.stuck]).toEqual(["up", false]);
    vi.advanceTimersByTime(60_000);
    FakeSocket.last.welcomes().closes();
    expect(room.stuck).toBe(false);
  });

  test("nor once one has left", async () => {
    await start("room");
    FakeSocket.last.welcomes();
    room.leave();
    vi.advanceTimersByTime(60_000);
    expect(room.stuck).toBe(false);
  });
});

describe("a newer server", () => {
  test("is said, and the page loads itself anew after five quiet seconds, as the same page", async () => {
    await start("room");
    FakeSocket.last.welcomes("new");
    sees({});
    expect(room.outdated).toBe(true);
    wait(4);
    expect(reloads).not.toHaveBeenCalled();
    wait(2);
    expect(reloads).toHaveBeenCalledTimes(1);
    expect(room.reloading).toBe(true);
    room.leave();
    await start("room");
    FakeSocket.last.accepts();
    expect(FakeSocket.last.sent[0]).toMatchObject({ type: "hello", place: "room", fresh: false, build: "old" });
  });

  test("that still hands out the same page is not asked again", async () => {
    inThisTab.set("renewed.old", "1");
    await start("room");
    FakeSocket.last.welcomes("new");
    sees({});
    wait(30);
    expect(reloads).not.toHaveBeenCalled();
  });

  test.each(["old", ""])("with build %j is no newer one", async (build) => {
    await start("room");
    FakeSocket.last.welcomes(build);
    sees({});
    wait(30);
    expect(room.outdated).toBe(false);
    expect(reloads).not.toHaveBeenCalled();
  });

  test.each<[string, Partial<Own>, object]>([
    ["it is somebody's turn", {}, { floor: goldenView().common?.floor }],
    ["it is my turn", { my_turn: true }, {}],
  ])("waits while %s", async (_, own, common) => {
    await start("room");
    FakeSocket.last.welcomes("new");
    sees(own, common);
    wait(30);
    expect(reloads).not.toHaveBeenCalled();
    sees({ my_turn: false }, QUIET);
    wait(6);
    expect(reloads).toHaveBeenCalledTimes(1);
  });

  test("waits while one writes, and for what is unanswered", async () => {
    await start("room");
    FakeSocket.last.welcomes("new");
    sees({});
    for (let n = 0; n < 20; n += 1) {
      room.texts.keep("typed_turn", `a${n}`);
      wait(1);
    }
    void room.outbox.ask({ type: "raise_hand", kind: "question" });
    wait(20);
    expect(reloads).not.toHaveBeenCalled();
    const asked = FakeSocket.last.sent.findLast(({ type }) => type === "command");
    FakeSocket.last.says({ type: "accepted", id: asked && "id" in asked ? asked.id : "", seq: 1 });
    wait(6);
    expect(reloads).toHaveBeenCalledTimes(1);
  });
});

describe("a tab closed by mistake", () => {
  test("is asked about while one leads or speaks, and only then", async () => {
    await start("room");
    askBeforeClosing(room);
    expect(asks()).toBe(false);
    FakeSocket.last.welcomes();
    sees({});
    expect(asks()).toBe(false);
    sees({ leads: true });
    expect(asks()).toBe(true);
    sees({ leads: false, my_turn: true });
    expect(asks()).toBe(true);
    sees({ my_turn: false });
    expect(asks()).toBe(false);
    sees(
      { may_be_heard: true },
      { seats: view.common.seats.map((seat) => ({ ...seat, id: "p2", microphone: "open" })) },
    );
    expect(asks()).toBe(true);
    FakeSocket.last.says({ type: "moved" });
    expect(asks()).toBe(false);
  });

  test("is nobody's question after the close, in the lobby, or after one has left", async () => {
    await start("lobby");
    askBeforeClosing(room);
    FakeSocket.last.welcomes();
    sees({ leads: true });
    expect(asks()).toBe(false);
    room.enter();
    FakeSocket.last.welcomes();
    sees({ leads: true });
    expect(asks()).toBe(true);
    sees({}, { status: "closed" });
    expect(asks()).toBe(false);
    sees({}, { status: "running" });
    expect(asks()).toBe(true);
    room.leave();
    expect(asks()).toBe(false);
  });
});

describe("my turn while I look elsewhere", () => {
  let hidden: boolean;
  let notes: { title: string; closed: boolean }[];
  let sounds: number;

  beforeEach(async () => {
    [hidden, notes, sounds] = [true, [], 0];
    vi.spyOn(document, "visibilityState", "get").mockImplementation(() => (hidden ? "hidden" : "visible"));
    class Notification {
      static permission = "granted";
      closed = false;
      constructor(readonly title: string) {
        notes.push(this);
      }
      close(): void {
        this.closed = true;
      }
    }
    vi.stubGlobal("Notification", Notification);
    vi.stubGlobal("AudioContext", function () {
      sounds += 1;
      throw new DOMException("", "NotSupportedError"); // that it was asked for is enough here
    });
    forGood.remove("notify");
    forGood.remove("bells");
    document.head.innerHTML = '<link rel="icon" href="/favicon.svg">';
    await start("room");
    FakeSocket.last.welcomes();
    new Caller(room);
    sees({});
  });

  const icon = (): string => document.querySelector("link")?.href ?? "";

  test("changes the icon for as long as it lasts, and makes one sound", () => {
    const usual = icon();
    sees({ my_turn: true });
    sees({ my_turn: true });
    expect(icon()).not.toBe(usual);
    expect([sounds, notes.length]).toEqual([1, 0]);
    sees({ my_turn: false });
    expect(icon()).toBe(usual);
  });

  test("makes no sound for who put the bells off, nor while the page is seen", () => {
    forGood.set("bells", "off");
    sees({ my_turn: true });
    sees({ my_turn: false });
    forGood.remove("bells");
    hidden = false;
    sees({ my_turn: true });
    expect(sounds).toBe(0);
  });

  test("is notified to who asked for it, and put away when the page is seen", () => {
    forGood.set("notify", "on");
    sees({ my_turn: true });
    expect(notes).toMatchObject([{ title: "Your turn.", closed: false }]);
    hidden = false;
    document.dispatchEvent(new Event("visibilitychange"));
    expect(notes).toMatchObject([{ closed: true }]);
  });
});

describe("the seat was opened elsewhere", () => {
  function page(line: string): string {
    const here = document.createElement("div");
    room.boot.backup_line = line;
    render(alone(room), here);
    return here.textContent;
  }

  beforeEach(async () => {
    await start("room");
    FakeSocket.last.welcomes();
    speak("en", { "check.backup": "Otherwise by telephone: {line}" });
  });

  test("the telephone number stands there while there is something to call into", () => {
    sees({});
    FakeSocket.last.says({ type: "moved" });
    expect(page("+33 1 23 45 67 89")).toContain("Otherwise by telephone: +33 1 23 45 67 89");
    expect(page("")).not.toContain("telephone");
  });

  test("after the end it does not", () => {
    sees({}, { status: "closed" });
    FakeSocket.last.says({ type: "moved" });
    expect(room.link).toBe("moved");
    expect(page("+33 1 23 45 67 89")).not.toContain("telephone");
  });
});
