import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Announcer, type Said } from "../src/announcer";
import { Room } from "../src/room";
import { speak } from "../src/words";
import type { Note, Text, ViewMessage } from "../src/wire.gen";
import { boot } from "./boot";
import { FakeSocket } from "./fake_socket";
import { goldenView } from "./golden";

const BOOT = boot({
  "say.phase": "{phase}. {purpose}",
  "say.your_turn": "Your turn.",
  "say.last_minute": "One minute left.",
  "say.note": "A private note.",
  "say.closed": "It is over.",
  "end.would": "It would end at {time}.",
  "end.moved": "It will end at {time}.",
  "end.refused": "The end stays.",
  "end.refused_lead": "The end stays, lead.",
  "end.refused_by_me": "You refused.",
  "refused.stale": "Too late.",
  "note.sent": "Sent.",
  "do.held_pause": "A pause.",
  "role.your_turn": "your turn",
  time: "{hour}:{minute}",
});

const title = (en: string): Text => ({ en });

let room: Room;
let announcer: Announcer;
let view: ViewMessage;

/** The view comes once more, changed. */
function sees(change: (view: ViewMessage & { common: NonNullable<ViewMessage["common"]> }) => void): void {
  view = structuredClone(view);
  if (!view.common?.now) throw new Error("the example of a view says nothing");
  change(view as ViewMessage & { common: NonNullable<ViewMessage["common"]> });
  FakeSocket.last.says(view);
}

/** What was to be read aloud since the last time, in order. */
let heard: Said[] = [];
let told = 0;
function announced(): string[] {
  const fresh = heard.slice(told).map(({ words }) => words);
  told = heard.length;
  return fresh;
}

const note = (id: string): Note => ({ type: "note", id, seat: "p3", preset: null, line: "" });

/** The server's answer to the newest command. */
function refuses(): void {
  const asked = FakeSocket.last.sent.findLast((message) => message.type === "command");
  FakeSocket.last.says({ type: "refused", id: asked?.id ?? "", code: "stale", field: "", detail: "" });
}

/** Time goes by, on a connection that lives. */
function wait(s: number): void {
  for (let n = 0; n < s; n += 1) {
    FakeSocket.last.says({ type: "ping", n });
    vi.advanceTimersByTime(1000);
  }
}

beforeEach(async () => {
  vi.useFakeTimers();
  FakeSocket.install();
  vi.stubGlobal("navigator", {}); // neither camera nor locks
  speak("en", BOOT.words);
  view = goldenView();
  view.clock = { server_ms: 0, session_ms: 0, speed: 1, wall_ms: 0 };
  view.own = { ...view.own, seat: "p2", leads: false, my_turn: false };
  Object.assign(view.common ?? {}, { end_proposal: null, end_refused: false });
  Object.assign(view.common?.now ?? {}, { holds: [] });
  room = new Room(BOOT);
  announcer = new Announcer(room);
  heard = [];
  told = 0;
  room.listen(() => heard.push(...announcer.said.filter(({ id }) => id > (heard.at(-1)?.id ?? 0))));
  room.start();
  await vi.advanceTimersByTimeAsync(0);
  FakeSocket.last.welcomes();
});

afterEach(() => {
  room.leave();
  vi.useRealTimers();
});

describe("what one hears", () => {
  test("is the phase at first, and nothing more while nothing happens", () => {
    sees(() => undefined);
    expect(announced()).toEqual(["Questions. Understand, give no advice"]);
    sees(() => undefined);
    expect(announced()).toEqual([]);
  });

  test("is everything that happens at one moment, in order", () => {
    sees(() => undefined);
    announced();
    room.notice = "Too late.";
    room.notes = [note("n1"), note("n2")];
    sees(({ common, own }) => {
      Object.assign(common.phases[0] ?? {}, { key: "advice#1", title: title("Advice"), purpose: title("Give") });
      Object.assign(common.now ?? {}, { phase: "advice#1" });
      own.my_turn = true;
    });
    expect(announced()).toEqual(["Too late.", "A private note.", "A private note.", "Advice. Give", "Your turn."]);
    expect(document.title).toBe("● your turn – Advice");
  });

  test("is one's turn each time that it begins", () => {
    sees(({ own }) => (own.my_turn = true));
    sees(({ own }) => (own.my_turn = true));
    sees(({ own }) => (own.my_turn = false));
    sees(({ own }) => (own.my_turn = true));
    expect(announced().filter((words) => words === "Your turn.")).toHaveLength(2);
  });

  test("is why the clock stands, and the end of the session", () => {
    sees(() => undefined);
    announced();
    sees(({ common, own }) => {
      Object.assign(common.now ?? {}, { holds: ["pause"] });
      own.prompt = { key: "held_pause", seats: {}, numbers: {} };
    });
    expect(announced()).toEqual(["A pause."]);
    sees(({ common }) => (common.status = "closed"));
    expect(announced()).toEqual(["It is over."]);
  });

  test("goes from the page after a moment, each sentence for itself", () => {
    sees(() => undefined);
    wait(6);
    sees(({ own }) => (own.my_turn = true));
    expect(announcer.said).toHaveLength(2);
    wait(4);
    expect(announcer.said.map(({ words }) => words)).toEqual(["Your turn."]);
    wait(6);
    expect(announcer.said).toEqual([]);
  });
});

describe("the same sentence once more", () => {
  test("is read once more when the same gesture is refused again", async () => {
    sees(() => undefined);
    announced();
    for (let n = 0; n < 2; n += 1) {
      const asked = room.ask({ type: "lower_hand" });
      refuses();
      await asked;
      expect(announced()).toEqual(["Too late."]);
    }
  });

  test("is read once more when the same thing is done again", () => {
    sees(() => undefined);
    announced();
    room.say("Sent.");
    room.say("Sent.");
    expect(announced()).toEqual(["Sent.", "Sent."]);
    wait(8);
    expect(announced()).toEqual([]);
  });

  test("of a private note is read for each note, even with as many on the page as before", () => {
    sees(() => undefined);
    announced();
    for (const id of ["n1", "n2", "n3", "n4"]) FakeSocket.last.says(note(id));
    expect(room.notes).toHaveLength(3);
    expect(announced()).toEqual(Array(4).fill("A private note."));
    room.putAway("n4");
    FakeSocket.last.says(note("n4"));
    expect(announced()).toEqual([]);
  });
});

describe("the last minute", () => {
  const countdown = (left_ms: number, total_ms: number): void =>
    sees(({ common }) =>
      Object.assign(common.now ?? {}, { countdown: { left_ms, at_ms: 0, running: true, total_ms } }),
    );

  test("is said once for a phase", () => {
    countdown(65_000, 600_000);
    announced();
    wait(4);
    expect(announced()).toEqual([]);
    wait(2);
    expect(announced()).toEqual(["One minute left."]);
    wait(30);
    expect(announced()).toEqual([]);
  });

  test("is not said of a phase that is hardly longer", () => {
    countdown(65_000, 90_000);
    announced();
    wait(30);
    expect(announced()).toEqual([]);
  });
});

describe("a later end", () => {
  const proposed = { by_ms: 300_000, until: { left_ms: 20_000, at_ms: 0, running: true, total_ms: 20_000 } };

  beforeEach(() => {
    sees(() => undefined);
    announced();
    sees(({ common }) => (common.end_proposal = proposed));
    expect(announced().join()).toMatch(/^It would end at \d+:\d\d\.$/);
  });

  test("is told when it holds, even while another sentence stands", async () => {
    room.say("Sent.");
    announced();
    sees(({ common }) => (common.end_proposal = null));
    await Promise.resolve();
    expect(announced()).toEqual([expect.stringMatching(/^It will end at/)]);
  });

  test("is told when it was refused, to the lead in other words", async () => {
    sees(({ common, own }) => {
      Object.assign(common, { end_proposal: null, end_refused: true });
      own.leads = true;
    });
    await Promise.resolve();
    expect(announced()).toEqual(["The end stays, lead."]);
  });

  test("is not told again to whoever refused it", async () => {
    room.say("You refused.");
    announced();
    sees(({ common }) => Object.assign(common, { end_proposal: null, end_refused: true }));
    await Promise.resolve();
    expect(announced()).toEqual([]);
  });
});
