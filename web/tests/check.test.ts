import { beforeEach, describe, expect, test, vi } from "vitest";
import { Check, verdict } from "../src/check";
import type { CheckRung } from "../src/wire.gen";
import { FakeSocket } from "./fake_socket";

/** Answers of the server by the last part of the address; else none. */
let answers: Record<string, { status: number; body?: object }>;

beforeEach(() => {
  vi.useFakeTimers();
  FakeSocket.install();
  answers = {};
  vi.stubGlobal("fetch", (path: string) => {
    const answer = answers[path.replace("/check/", "")];
    if (!answer) return new Promise(() => undefined); // a network that swallows everything
    return Promise.resolve(new Response(JSON.stringify(answer.body ?? {}), { status: answer.status }));
  });
});

describe("what works comes to a sentence", () => {
  test.each<[string, CheckRung[]]>([
    ["direct", ["socket", "udp", "tcp", "relay_tls"]],
    ["direct", ["events", "udp"]],
    ["tcp", ["socket", "tcp", "relay_udp"]],
    ["relay", ["socket", "relay_tls"]],
    ["sound", ["events", "socket", "sound"]],
    ["no_media", ["socket", "events", "reconnect", "microphone", "speaker"]],
    ["no_room", ["udp", "tcp", "relay_udp"]],
    ["no_room", []],
  ])("%s: %j", (said, works) => {
    expect(verdict(works)).toBe(said);
  });
});

describe("the check", () => {
  test("is over within 15 s in a network that swallows everything, in a browser that lacks everything", async () => {
    const done = vi.fn();
    vi.stubGlobal("EventSource", undefined);
    vi.stubGlobal("RTCPeerConnection", undefined);
    vi.stubGlobal("AudioContext", undefined);
    const check = new Check(() => new Promise(() => undefined), done);
    const over = check.start();
    await vi.advanceTimersByTimeAsync(14_900);
    await over;
    expect([check.over, check.verdict, check.hopeless]).toEqual([true, "no_room", true]);
    expect(check.closed).toEqual(["socket", "reconnect", "events", "udp", "tcp", "sound", "microphone", "speaker"]);
    expect(done).toHaveBeenCalledExactlyOnceWith([]);
  });

  test("says nothing to anybody when nobody waits for it any more", async () => {
    const done = vi.fn();
    const check = new Check(() => Promise.resolve(true), done);
    const over = check.start();
    await vi.advanceTimersByTimeAsync(100);
    check.stop();
    await vi.advanceTimersByTimeAsync(15_000);
    await over;
    expect([check.over, check.running, done.mock.calls.length]).toEqual([false, false, 0]);
  });

  test("tells a server that is busy from a network that is closed", async () => {
    const done = vi.fn();
    answers = { start: { status: 429 } };
    const check = new Check(() => Promise.resolve(true), done);
    const over = check.start();
    await vi.advanceTimersByTimeAsync(15_000);
    await over;
    expect([check.busy, check.hopeless, done.mock.calls.length]).toEqual([true, false, 0]);
  });

  test("reports the server's places and when it was, and names the ports of all media workers", async () => {
    vi.setSystemTime("2026-12-01T08:30:00Z");
    const credential = { username: "1:check.a", credential: "secret" };
    const urls = ["turn:turn.example.org:3478?transport=udp", "turns:turn.example.org:443?transport=tcp"];
    const media_ports = { udp: [8002, 8003], tcp: [8002, 8003] };
    answers = { start: { status: 200, body: { ice_servers: [{ urls, ...credential }], media_ports } } };
    const check = new Check(() => Promise.resolve(true));
    const over = check.start();
    await vi.advanceTimersByTimeAsync(15_000);
    await over;
    const report = JSON.parse(check.report()) as { at: string; tried: { rung: string; where: object[] }[] };
    expect(report.at).toBe("2026-12-01T08:30Z");
    expect(Object.fromEntries(report.tried.map(({ rung, where }) => [rung, where]))).toMatchObject({
      relay_udp: [{ host: "turn.example.org", port: 3478, protocol: "UDP" }],
      relay_tls: [{ host: "turn.example.org", port: 443, protocol: "TLS" }],
    });
    expect(check.report()).not.toMatch(/secret|check\.a/);
  });
});
