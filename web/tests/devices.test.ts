import { beforeEach, describe, expect, test, vi } from "vitest";
import { Devices, type Kind } from "../src/devices";
import { forGood, inThisTab } from "../src/storage";

/** A track that tells whether it is on. */
class Track {
  on = true;
  onended: (() => void) | null = null;

  constructor(readonly kind: "audio" | "video") {
    all.push(this);
  }

  stop(): void {
    this.on = false; // as in browsers, `ended` is not fired for one's own stop
  }

  clone(): Track {
    return new Track(this.kind);
  }

  /** Unplugged, or taken away by the system. */
  ends(): void {
    this.on = false;
    this.onended?.();
  }
}

/** A question of the browser that hangs until the test answers it. */
interface Question {
  constraints: MediaStreamConstraints;
  allow: () => Promise<void>;
  refuse: (name?: string) => Promise<void>;
}

let all: Track[];
let questions: Question[];
let plugged: { deviceId: string }[];
let hardware: EventTarget & Pick<MediaDevices, "getUserMedia" | "enumerateDevices">;
let changed: () => void;
let devices: Devices;

/** Everything that waits for a promise has gone on. */
const settled = (): Promise<void> => new Promise((done) => setTimeout(done));

function getUserMedia(constraints: MediaStreamConstraints = {}): Promise<MediaStream> {
  return new Promise((resolve, reject) => {
    const tracks = (): Track[] => [
      ...(constraints.audio ? [new Track("audio")] : []),
      ...(constraints.video ? [new Track("video")] : []),
    ];
    const stream = (found: Track[]): MediaStream =>
      ({
        getTracks: () => found,
        getAudioTracks: () => found.filter(({ kind }) => kind === "audio"),
        getVideoTracks: () => found.filter(({ kind }) => kind === "video"),
      }) as unknown as MediaStream;
    questions.push({
      constraints,
      allow: () => (resolve(stream(tracks())), settled()),
      refuse: (name = "NotAllowedError") => (reject(new DOMException("", name)), settled()),
    });
  });
}

/** The newest question. */
function asked(): Question {
  const question = questions.at(-1);
  if (!question) throw new Error("the browser was asked for nothing");
  return question;
}

const what = ({ constraints }: Question): Kind[] => [
  ...(constraints.audio ? (["microphone"] as const) : []),
  ...(constraints.video ? (["camera"] as const) : []),
];
const on = (): Track[] => all.filter((track) => track.on);
const the = (kind: Kind): Track | null => devices[kind] as unknown as Track | null;

beforeEach(() => {
  for (const kind of ["camera", "microphone"]) {
    inThisTab.remove(`without.${kind}`);
    forGood.remove(`device.${kind}`);
  }
  all = [];
  questions = [];
  plugged = [];
  hardware = Object.assign(new EventTarget(), {
    getUserMedia,
    enumerateDevices: () => Promise.resolve(plugged as MediaDeviceInfo[]),
  });
  vi.stubGlobal("navigator", { mediaDevices: hardware });
  changed = vi.fn();
  devices = new Devices(changed);
});

describe("on the way in", () => {
  test("one question asks for both", async () => {
    plugged = [{ deviceId: "usb" }];
    devices.begin();
    devices.begin();
    expect(questions.map(what)).toEqual([["microphone", "camera"]]);
    expect(devices.asking).toEqual(new Set(["camera", "microphone"]));
    await asked().allow();
    expect([the("camera")?.kind, the("microphone")?.kind]).toEqual(["video", "audio"]);
    expect([devices.asking.size, devices.problems, devices.available]).toEqual([0, {}, plugged]);
    expect(changed).toHaveBeenCalled();
  });

  test("who has no camera is heard all the same: each is asked for alone", async () => {
    devices.begin();
    await asked().refuse("NotFoundError");
    expect(what(asked())).toEqual(["microphone"]);
    await asked().allow();
    expect(what(asked())).toEqual(["camera"]);
    await asked().refuse("NotFoundError");
    expect([the("camera"), the("microphone")?.on, devices.problems]).toEqual([null, true, { camera: "NotFound" }]);
    expect(devices.asking.size).toBe(0);
  });

  test("a reload asks for no more than one went with before", async () => {
    devices.begin();
    await asked().allow();
    devices.close("camera");
    devices = new Devices(changed);
    devices.begin();
    expect(questions.slice(1).map(what)).toEqual([["microphone"]]);
  });

  test("before there is anybody to be seen by, nothing is asked", async () => {
    await devices.open("camera");
    await devices.openBoth();
    expect(questions).toEqual([]);
  });
});

describe("a refusal", () => {
  test.each([
    ["NotAllowedError", "NotAllowed"],
    ["SecurityError", "NotAllowed"],
    ["NotFoundError", "NotFound"],
    ["NotReadableError", "NotReadable"],
    ["OverconstrainedError", "Overconstrained"],
    ["TypeError", "Unknown"],
  ])("(%s) is told as %s, until the device is there", async (name, problem) => {
    inThisTab.set("without.camera", "1");
    devices.begin();
    await asked().refuse(name);
    expect(devices.problems).toEqual({ microphone: problem });
    void devices.open("microphone");
    await asked().allow();
    expect([devices.problems, the("microphone")?.on]).toEqual([{}, true]);
  });

  test("is no problem any more for whoever goes without", async () => {
    devices.begin();
    await asked().refuse();
    await asked().refuse();
    await asked().allow();
    expect(devices.problems).toEqual({ microphone: "NotAllowed" });
    devices.close("microphone");
    expect([devices.problems, the("camera")?.on]).toEqual([{}, true]);
  });

  test("is told where the page may not ask at all", async () => {
    vi.stubGlobal("navigator", {});
    devices = new Devices(changed);
    devices.begin();
    await settled();
    expect(devices.problems).toEqual({ camera: "Insecure", microphone: "Insecure" });
    expect(devices.available).toEqual([]);
  });
});

describe("a device that is on", () => {
  beforeEach(async () => {
    devices.begin();
    await asked().allow();
  });

  test("and ends by itself is said to be lost", () => {
    the("microphone")?.ends();
    expect([the("microphone"), devices.problems]).toEqual([null, { microphone: "NotReadable" }]);
    expect(the("camera")?.on).toBe(true);
  });

  test("goes off when it is closed, and its light with it", () => {
    const [camera, microphone] = [the("camera"), the("microphone")];
    devices.close("camera");
    expect([the("camera"), camera?.on, microphone?.on, devices.problems]).toEqual([null, false, true, {}]);
    expect([devices.wanted("camera"), devices.wanted("microphone")]).toEqual([false, true]);
  });

  test("gives way to another that is chosen, and the choice is remembered", async () => {
    const before = the("camera");
    devices.choose("camera", "usb");
    void devices.open("camera");
    expect(asked().constraints.video).toMatchObject({ deviceId: { ideal: "usb" } });
    expect(before?.on).toBe(true); // there is a picture until the other one comes
    await asked().allow();
    expect([before?.on, the("camera")?.on, on().length]).toEqual([false, true, 2]);
    before?.ends();
    expect([the("camera")?.on, devices.problems]).toEqual([true, {}]);
    expect(new Devices(changed).chosen("camera")).toBe("usb");
  });

  test("is off when another that is chosen cannot be had, and that is said", async () => {
    void devices.open("camera");
    await asked().refuse("NotReadableError");
    expect([the("camera"), devices.problems]).toEqual([null, { camera: "NotReadable" }]);
    expect(on().map(({ kind }) => kind)).toEqual(["audio"]);
  });

  test("is measured by a copy, which ends with what it is a copy of", () => {
    const copied = devices.copy() as unknown as Track;
    expect(copied.on).toBe(true);
    devices.release();
    expect(on()).toEqual([]);
  });

  test("is off when there is nothing left to be seen for, and asked for again when there is", async () => {
    devices.release();
    expect([on(), the("camera"), the("microphone")]).toEqual([[], null, null]);
    devices.begin();
    expect(questions).toHaveLength(2);
    await asked().allow();
    expect(on()).toHaveLength(2);
  });

  test("is listed anew when another is plugged in", async () => {
    plugged = [{ deviceId: "usb" }];
    hardware.dispatchEvent(new Event("devicechange"));
    await settled();
    expect(devices.available).toEqual(plugged);
  });
});

describe("a question that hangs", () => {
  test("and is allowed after one has left turns nothing on", async () => {
    devices.begin();
    devices.release();
    expect(devices.asking.size).toBe(0);
    await asked().allow();
    expect([all.length, on(), the("camera"), the("microphone")]).toEqual([2, [], null, null]);
    expect(questions).toHaveLength(1);
  });

  test("and is refused after one has left is nobody's problem", async () => {
    devices.begin();
    devices.release();
    await asked().refuse();
    expect([devices.problems, questions.length]).toEqual([{}, 1]);
  });

  test.each([[["camera"]], [[]]] as Kind[][][])(
    "and is refused after one has come back, too (without %j)",
    async (without) => {
      for (const kind of without) inThisTab.set(`without.${kind}`, "1");
      devices.begin();
      const old = asked();
      devices.release();
      devices.begin();
      const asking = new Set(devices.asking);
      await old.refuse();
      expect([devices.asking, devices.problems, questions.length]).toEqual([asking, {}, 2]);
      await asked().allow();
      expect(on()).toHaveLength(2 - without.length);
    },
  );

  test("and is allowed after one has come back leaves the newer one alone", async () => {
    devices.begin();
    const old = asked();
    devices.release();
    devices.begin();
    await asked().allow();
    const camera = the("camera");
    await old.allow();
    expect([the("camera") === camera, camera?.on, on().length]).toEqual([true, true, 2]);
  });

  test("is not asked twice", () => {
    inThisTab.set("without.camera", "1");
    devices.begin();
    void devices.open("microphone");
    void devices.open("microphone");
    expect(questions).toHaveLength(1);
  });

  test("and is allowed after one chose to go without turns on what is still wanted", async () => {
    devices.begin();
    devices.close("camera");
    await asked().allow();
    expect([the("camera"), the("microphone")?.on, on().map(({ kind }) => kind)]).toEqual([null, true, ["audio"]]);
  });
});
