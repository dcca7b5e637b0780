import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { claimTab, Connection, type Link } from "../src/connection";
import { inThisTab } from "../src/storage";
import { OPENERS, type Transport } from "../src/transport";
import type { ServerMessage } from "../src/wire.gen";
import { FakeSocket } from "./fake_socket";

let links: Link[];
let heard: ServerMessage[];
let connection: Connection;

function page(): Connection {
  return new Connection(
    { socket: "/s/1/socket", events: "/s/1/events" },
    {
      message: (message) => heard.push(message),
      link: (link) => links.push(link),
      hello: () => ({ place: "room", fresh: false, seen: [4, "abc"] }),
    },
  );
}

/** Break, and say how many sockets there are after so long. */
function after(ms: number): number {
  vi.advanceTimersByTime(ms);
  return FakeSocket.made.length;
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(Math, "random").mockReturnValue(0.5);
  FakeSocket.install();
  // Events are met below; here only the attempts count, whichever way they go.
  vi.spyOn(OPENERS, "events").mockImplementation(OPENERS.socket);
  inThisTab.remove("tab");
  inThisTab.remove("epoch");
  links = [];
  heard = [];
  connection = page();
  connection.open();
});

afterEach(() => {
  connection.close();
  vi.restoreAllMocks();
  vi.useRealTimers();
});

describe("a connection", () => {
  test("introduces itself, and is up once it was welcomed, not before", () => {
    expect(FakeSocket.last.url.href).toBe(`${location.origin.replace("http", "ws")}/s/1/socket`);
    FakeSocket.last.accepts();
    expect(connection.link).toBe("connecting");
    expect(FakeSocket.last.sent).toEqual([
      { type: "hello", tab: inThisTab.get("tab"), epoch: 1, place: "room", fresh: false, seen: [4, "abc"] },
    ]);
    FakeSocket.last.welcomes();
    expect(connection.link).toBe("up");
  });

  test("counts its connections, and keeps the tab's name over a reload", () => {
    FakeSocket.last.welcomes();
    const tab = inThisTab.get("tab");
    connection.close();
    connection = page();
    connection.open();
    FakeSocket.last.accepts();
    expect(FakeSocket.last.sent[0]).toMatchObject({ tab, epoch: 2 });
  });

  test("answers a ping in its message handler, and tells nobody", () => {
    FakeSocket.last.welcomes().says({ type: "ping", n: 7 });
    expect(FakeSocket.last.sent.at(-1)).toEqual({ type: "pong", n: 7 });
    expect(heard.map(({ type }) => type)).toEqual(["welcome"]);
  });

  test("sends while it is open, and says so when it is not", () => {
    expect(connection.send({ type: "pong", n: 1 })).toBe(false);
    FakeSocket.last.accepts();
    expect(connection.send({ type: "pong", n: 1 })).toBe(true);
  });
});

describe("after a break", () => {
  test("it comes back at once, then after up to a second, drawn anew, for as long as it takes", () => {
    FakeSocket.last.welcomes().closes();
    expect(connection.link).toBe("lost");
    expect(after(0)).toBe(2);
    for (let tries = 2; tries < 60; tries += 1) {
      FakeSocket.last.closes();
      expect(after(499)).toBe(tries);
      expect(after(1)).toBe(tries + 1);
    }
    vi.mocked(Math.random).mockReturnValue(0.999);
    FakeSocket.last.closes();
    expect(after(999)).toBe(61);
  });

  test("a welcome makes the next break the first one again", () => {
    FakeSocket.last.welcomes().closes();
    after(0);
    FakeSocket.last.closes();
    after(500);
    FakeSocket.last.welcomes().closes();
    expect(after(0)).toBe(4);
  });

  test("it does not wait when the network is there again, or somebody wants it now", () => {
    FakeSocket.last.closes();
    after(0);
    FakeSocket.last.closes();
    dispatchEvent(new Event("online"));
    expect(after(0)).toBe(3);
    connection.hurry();
    expect(after(0)).toBe(4);
    FakeSocket.last.welcomes();
    connection.hurry();
    expect(after(2000)).toBe(4);
  });

  test("the old socket is heard no more", () => {
    const [old] = FakeSocket.made;
    FakeSocket.last.closes();
    after(0);
    old?.says({ type: "moved" });
    expect(connection.link).toBe("lost");
    expect(heard).toEqual([]);
  });
});

describe("a socket that says nothing", () => {
  test("is given up after five seconds, whatever the browser believes", () => {
    FakeSocket.last.welcomes();
    after(4000);
    FakeSocket.last.says({ type: "ping", n: 1 });
    expect(connection.hears).toBe(true);
    expect(after(5000)).toBe(1);
    expect([connection.hears, connection.link]).toEqual([false, "up"]);
    expect(after(1001)).toBe(2);
    expect(FakeSocket.made[0]?.readyState).toBe(FakeSocket.CLOSED);
  });

  test("is given up after four while it is being opened", () => {
    expect(after(4000)).toBe(1);
    expect(after(1001)).toBe(2);
  });
});

describe("a close that is meant", () => {
  test.each([
    [4401, "signed_out"],
    [4404, "unknown"],
    [4409, "moved"],
    [4410, "revoked"],
  ] as const)("(%i) is %s, and nothing comes back by itself", (code, link) => {
    FakeSocket.last.welcomes().closes(code);
    expect(connection.link).toBe(link);
    dispatchEvent(new Event("online"));
    expect(after(600_000)).toBe(1);
    connection.open(); // only when somebody wants it
    expect(after(0)).toBe(2);
  });

  test.each(["moved", "revoked"] as const)("is told by a message, too: %s", (type) => {
    FakeSocket.last.welcomes().says({ type });
    expect(connection.link).toBe(type);
    expect(heard.at(-1)).toEqual({ type });
    expect(after(600_000)).toBe(1);
  });

  test.each([1000, 1001, 1006, 1011, 1012, 4408])("any other (%i) is a break", (code) => {
    FakeSocket.last.welcomes().closes(code);
    expect([connection.link, connection.turned_away]).toEqual(["lost", false]);
    expect(after(0)).toBe(2);
  });

  test("who has left stays away, whatever the network does", () => {
    FakeSocket.last.welcomes();
    connection.close();
    dispatchEvent(new Event("online"));
    expect(after(600_000)).toBe(1);
  });
});

describe("too much from here (4429)", () => {
  /** Turned away once more: how long until the next try, in milliseconds. */
  function pause_ms(): number {
    const made = FakeSocket.made.length;
    FakeSocket.last.closes(4429);
    expect(connection.turned_away).toBe(true);
    let waited_ms = 0;
    while (FakeSocket.made.length === made && waited_ms < 120_000) {
      vi.advanceTimersByTime(500);
      waited_ms += 500;
    }
    return waited_ms;
  }

  test("is given a pause that doubles, up to a minute", () => {
    FakeSocket.last.welcomes();
    expect([1, 2, 3, 4, 5, 6, 7, 8].map(() => pause_ms())).toEqual([
      2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000,
    ]);
  });

  test("is drawn anew within a quarter, so that not all come back together", () => {
    FakeSocket.last.welcomes();
    vi.mocked(Math.random).mockReturnValue(0);
    expect(pause_ms()).toBe(1500);
    vi.mocked(Math.random).mockReturnValue(0.9999);
    expect(pause_ms()).toBe(5000);
  });

  test("goes on doubling for a page that was let in for a moment, and is forgotten after a minute", () => {
    FakeSocket.last.welcomes();
    pause_ms();
    FakeSocket.last.welcomes();
    expect(pause_ms()).toBe(4000);
    FakeSocket.last.welcomes();
    for (let s = 0; s < 61; s += 1) {
      after(1000);
      FakeSocket.last.says({ type: "ping", n: s });
    }
    expect(pause_ms()).toBe(2000);
  });

  test("is over with a break of another kind", () => {
    FakeSocket.last.welcomes();
    pause_ms();
    FakeSocket.last.closes();
    expect(connection.turned_away).toBe(false);
  });
});

describe("the tab's name", () => {
  type Held = (lock: object | null) => unknown;

  test("is a new one in a tab that was duplicated, as the other holds its own", async () => {
    inThisTab.set("tab", "copied00");
    const asked: string[] = [];
    const request = (name: string, _: object, held: Held): Promise<void> => {
      asked.push(name);
      held(name === "tab.copied00" ? null : {});
      return Promise.resolve();
    };
    vi.stubGlobal("navigator", { locks: { request } });
    await claimTab();
    expect(inThisTab.get("tab")).not.toBe("copied00");
    expect(asked).toEqual(["tab.copied00", `tab.${inThisTab.get("tab") ?? ""}`]);
  });

  test("does not keep the page from connecting where locks are refused", async () => {
    const request = (): Promise<void> => Promise.reject(new DOMException("", "SecurityError"));
    vi.stubGlobal("navigator", { locks: { request } });
    await expect(claimTab()).resolves.toBeUndefined();
  });
});

describe("where a network drops Upgrade", () => {
  /** Every stream of events that the page has asked for. */
  let streams: FakeSocket[];

  beforeEach(() => {
    streams = [];
    vi.mocked(OPENERS.events).mockImplementation((path, listener) => {
      const socket = OPENERS.socket(path, listener);
      const made = FakeSocket.made.pop();
      if (made) streams.push(made);
      return new Proxy(socket, {
        get: (target, name) => {
          if (name === "carrier") return "events";
          const value: unknown = Reflect.get(target, name, target);
          return typeof value === "function" ? (value.bind(target) as unknown) : value;
        },
      }) satisfies Transport;
    });
  });

  /** Two sockets in vain, and a stream that is welcomed. */
  function byEvents(): void {
    FakeSocket.last.closes();
    after(0);
    FakeSocket.last.closes();
    after(500);
    streams.at(-1)?.welcomes();
  }

  /** So long the stream carries a ping every second; how many sockets there are then. */
  function lives(ms: number): number {
    for (let left = ms; left > 0; left -= 1000) {
      vi.advanceTimersByTime(Math.min(left, 1000));
      streams.at(-1)?.says({ type: "ping", n: 1 });
    }
    return FakeSocket.made.length;
  }

  test("the page goes on by events after two attempts in vain", () => {
    FakeSocket.last.closes();
    expect([after(0), streams.length]).toEqual([2, 0]);
    FakeSocket.last.closes();
    expect([after(500), streams.length]).toEqual([2, 1]);
    streams[0]?.welcomes();
    expect([connection.link, connection.carrier]).toEqual(["up", "events"]);
    expect(streams[0]?.url.pathname).toBe("/s/1/events");
  });

  test("it comes back by events at once when they break, and tries both ways when they do not lead back", () => {
    byEvents();
    streams[0]?.closes();
    expect([after(0), streams.length]).toEqual([2, 2]);
    streams[1]?.closes();
    expect([after(500), streams.length]).toEqual([3, 2]);
    FakeSocket.last.closes();
    expect([after(500), streams.length]).toEqual([3, 3]);
  });

  test("a page that lived by a socket keeps to it for fifteen seconds, then it is in vain there too", () => {
    FakeSocket.last.welcomes().closes();
    after(0);
    for (let waited_ms = 500; waited_ms < 15_000; waited_ms += 500) {
      FakeSocket.last.closes();
      after(500);
    }
    expect(streams).toEqual([]);
    FakeSocket.last.closes();
    after(500);
    expect(streams).toHaveLength(1);
  });

  test("a server that closes a socket with a code of its own was reached: that is not in vain", () => {
    for (const code of [4408, 1012, 4408, 1012]) {
      FakeSocket.last.accepts().closes(code);
      after(500);
    }
    expect([FakeSocket.made.length, streams.length]).toEqual([5, 0]);
  });

  test("it returns to a socket after two looks, ten seconds apart, that were answered", () => {
    byEvents();
    expect(lives(29_999)).toBe(2);
    expect(lives(1)).toBe(3);
    FakeSocket.last.accepts().says({ type: "error", id: null, code: "hello_first", place: "", fix: "", retry: false });
    expect([lives(9_999), connection.carrier]).toEqual([3, "events"]);
    expect(lives(1)).toBe(4);
    FakeSocket.last.accepts().says({ type: "error", id: null, code: "hello_first", place: "", fix: "", retry: false });
    expect(after(0)).toBe(5);
    expect(streams[0]?.readyState).toBe(FakeSocket.CLOSED);
    FakeSocket.last.welcomes();
    expect([connection.link, connection.carrier]).toEqual(["up", "socket"]);
  });

  test("a socket that opens and swallows what it carries is no way", () => {
    byEvents();
    lives(30_000);
    FakeSocket.last.accepts();
    lives(4000);
    expect(FakeSocket.last.readyState).toBe(FakeSocket.CLOSED);
    expect([lives(29_999), connection.carrier]).toEqual([3, "events"]);
    expect(lives(1)).toBe(4);
  });
});
