/** Each optional interface is taken away in turn: nothing is thrown, nothing waits, and what people must know is told. */
import { afterEach, describe, expect, test, vi } from "vitest";
import { Awake } from "../src/awake";
import * as browser from "../src/capabilities";
import { Devices } from "../src/devices";
import { meter, tone } from "../src/meter";
import { OPENERS } from "../src/transport";

/** The browser as it is, without these. */
function without(...names: string[]): void {
  for (const name of names) vi.stubGlobal(name, undefined);
}

afterEach(() => {
  vi.useRealTimers();
});

describe("what a person must know", () => {
  const all = { RTCPeerConnection: vi.fn(), navigator: { cookieEnabled: true } };

  test("a browser that has everything lacks nothing", () => {
    for (const [name, value] of Object.entries(all)) vi.stubGlobal(name, value);
    expect(browser.lacks()).toEqual([]);
  });

  test("neither sound nor pictures, no cookies, nothing kept: each is named, the worst first", () => {
    without("RTCPeerConnection");
    vi.stubGlobal("navigator", { cookieEnabled: false });
    vi.stubGlobal("sessionStorage", {
      setItem: () => {
        throw new DOMException("", "QuotaExceededError");
      },
    });
    expect(browser.lacks()).toEqual(["peers", "cookies", "storage"]);
  });
});

describe("locks", () => {
  const asked = (request: unknown): void => void vi.stubGlobal("navigator", { locks: { request } });

  test("another page has it, or nobody", async () => {
    asked((_: string, __: object, held: (lock: Lock | null) => unknown) => Promise.resolve(held(null)));
    expect(await browser.claim("tab.1")).toBe(false);
    asked((_: string, __: object, held: (lock: Lock | null) => unknown) => Promise.resolve(held({} as Lock)));
    expect(await browser.claim("tab.1")).toBe(true);
  });

  test.each([
    ["there are none", undefined],
    ["they refuse", () => Promise.reject(new DOMException("", "SecurityError"))],
    [
      "they raise at once",
      () => {
        throw new TypeError("no");
      },
    ],
  ])("%s: the page goes on", async (_, request) => {
    if (request) asked(request);
    else vi.stubGlobal("navigator", {});
    expect(await browser.claim("tab.1")).toBe(true);
  });

  test("they never answer: the page goes on after a second", async () => {
    vi.useFakeTimers();
    asked(() => new Promise(() => undefined));
    const claimed = browser.claim("tab.1");
    await vi.advanceTimersByTimeAsync(1000);
    expect(await claimed).toBe(true);
  });
});

describe("sound", () => {
  test("without an AudioContext nothing is measured and nothing sounds, and one reads so", async () => {
    without("AudioContext");
    const show = vi.fn();
    meter({} as MediaStreamTrack, show)();
    expect([show.mock.calls, await tone(""), browser.canSound(), browser.soundContext()]).toEqual([
      [],
      false,
      false,
      null,
    ]);
  });

  test("a browser that chooses no loudspeaker, or whose loudspeaker is gone", async () => {
    expect(await browser.playOn({} as HTMLMediaElement, "usb")).toBe(false);
    const gone = { setSinkId: () => Promise.reject(new DOMException("", "NotFoundError")) };
    expect(await browser.playOn(gone as unknown as HTMLMediaElement, "usb")).toBe(false);
    const there = { setSinkId: vi.fn(() => Promise.resolve()) };
    expect(await browser.playOn(there as unknown as HTMLMediaElement, "usb")).toBe(true);
    expect(there.setSinkId).toHaveBeenCalledWith("usb");
  });
});

describe("devices", () => {
  test.each([
    ["none at all", undefined],
    ["no events and no list", { getUserMedia: () => Promise.reject(new DOMException("", "NotFoundError")) }],
    [
      "a list that is refused",
      {
        addEventListener: () => undefined,
        enumerateDevices: () => Promise.reject(new DOMException("", "NotAllowedError")),
        getUserMedia: () => Promise.reject(new DOMException("", "NotFoundError")),
      },
    ],
  ])("%s: their absence is named, and nothing is waited for", async (_, media) => {
    vi.stubGlobal("navigator", { mediaDevices: media });
    const devices = new Devices(() => undefined);
    devices.begin();
    await new Promise((done) => setTimeout(done));
    const problem = media ? "NotFound" : "Insecure";
    expect([devices.problems, devices.asking.size, devices.available]).toEqual([
      { microphone: problem, camera: problem },
      0,
      [],
    ]);
  });
});

describe("words, dialogs, ways", () => {
  test("without Intl names are joined and counted all the same", () => {
    vi.stubGlobal("Intl", {});
    expect(browser.joined(["Inès", "Joe"], "fr")).toBe("Inès, Joe");
    expect([0, 1, 2].map(browser.pluralOf("en"))).toEqual(["other", "one", "other"]);
  });

  test("a dialog opens and closes where it cannot be modal", () => {
    const dialog = document.createElement("dialog");
    Object.assign(dialog, { showModal: undefined, close: undefined });
    const closed = vi.fn();
    dialog.addEventListener("close", closed);
    browser.open(dialog);
    expect(dialog.hasAttribute("open")).toBe(true);
    browser.shut(dialog);
    expect([dialog.hasAttribute("open"), closed.mock.calls.length]).toEqual([false, 1]);
  });

  test("without WebSocket the way is one that closes, and the other is tried", async () => {
    without("WebSocket");
    const closed = await new Promise((done) => {
      const way = OPENERS.socket("/s", { opened: vi.fn(), text: vi.fn(), closed: (code) => done(code ?? "closed") });
      way.send("nothing");
      expect(way.open).toBe(false);
    });
    expect(closed).toBe("closed");
  });

  test("without workers and notifications there is none, and nothing is raised", () => {
    without("Worker", "Notification", "matchMedia");
    vi.stubGlobal("navigator", {});
    expect([browser.worker("/w.js"), browser.canNotify(), browser.mayNotify(), browser.notify("", "")]).toEqual([
      null,
      false,
      false,
      null,
    ]);
    expect([browser.lessMotion(), browser.touched(), browser.hardware()]).toEqual([false, true, null]);
  });
});

describe("the screen stays awake", () => {
  let locks: (EventTarget & { release: () => Promise<void> })[];
  let refuses: boolean;
  const settled = (): Promise<void> => new Promise((done) => setTimeout(done));

  function install(): void {
    locks = [];
    refuses = false;
    const request = (): Promise<unknown> => {
      if (refuses) return Promise.reject(new DOMException("", "NotAllowedError"));
      const lock = Object.assign(new EventTarget(), { release: () => Promise.resolve() });
      locks.push(lock);
      return Promise.resolve(lock);
    };
    vi.stubGlobal("navigator", { wakeLock: { request } });
  }

  test("once, and anew whenever the browser let go of it", async () => {
    install();
    const awake = new Awake(() => true);
    await awake.ask();
    await awake.ask();
    expect(locks.length).toBe(1);
    locks[0]?.dispatchEvent(new Event("release"));
    await settled();
    expect(locks.length).toBe(2);
  });

  test("where it needs a click, with the click", async () => {
    install();
    refuses = true;
    await new Awake(() => true).ask();
    expect(locks.length).toBe(0);
    refuses = false;
    document.dispatchEvent(new Event("click"));
    await settled();
    expect(locks.length).toBeGreaterThan(0);
  });

  test("not in the lobby, and not where there is no such thing", async () => {
    install();
    await new Awake(() => false).ask();
    expect(locks.length).toBe(0);
    vi.stubGlobal("navigator", {});
    await new Awake(() => true).ask();
    expect(locks.length).toBe(0);
  });
});
