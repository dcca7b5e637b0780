import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { OPENERS, type Transport } from "../src/transport";

/** A server's side: the stream that it writes to, and the posts that it got. */
let stream: ReadableStreamDefaultController<Uint8Array>;
let posts: { address: string; body: string; answer: (status: number) => void }[];
let status: number;
let told: string[];
let page: Transport;

beforeEach(() => {
  vi.useFakeTimers();
  [posts, told, status] = [[], [], 200];
  vi.stubGlobal(
    "fetch",
    vi.fn((address: string, asked: RequestInit = {}) => {
      if (asked.method !== "POST") {
        const body = new ReadableStream<Uint8Array>({ start: (made) => void (stream = made) });
        asked.signal?.addEventListener("abort", () => stream.error(new DOMException("aborted", "AbortError")));
        return Promise.resolve(new Response(status === 200 ? body : null, { status }));
      }
      return new Promise<Response>((answered) => {
        const answer = (code: number): void => answered(new Response(null, { status: code }));
        posts.push({ address, body: asked.body as string, answer });
      });
    }),
  );
});

afterEach(() => {
  page.close();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

function open(): void {
  page = OPENERS.events("/s/1/p1/events", {
    opened: () => told.push("opened"),
    text: (text) => told.push(text),
    closed: (code) => told.push(`closed ${String(code)}`),
  });
}

async function comes(text: string): Promise<void> {
  await vi.advanceTimersByTimeAsync(0);
  for (const letter of new TextEncoder().encode(text)) stream.enqueue(Uint8Array.of(letter));
  await vi.advanceTimersByTimeAsync(0);
}

test("events become texts, however the network cuts them", async () => {
  open();
  expect(page.open).toBe(false);
  await comes(`:${" ".repeat(50)}\nevent: connection\ndata: abc\n\n`);
  expect(told).toEqual(["opened"]);
  expect(page.open).toBe(true);
  await comes('data: {"type":"ping","n":1}\n\ndata: {"é":"→"}\n\n');
  expect(told).toEqual(["opened", '{"type":"ping","n":1}', '{"é":"→"}']);
  await comes("event: closed\ndata: 4410\n\ndata: late\n\n");
  expect(told.slice(3)).toEqual(["closed 4410"]);
  expect(page.open).toBe(false);
});

test("messages are posted one post after the other, with their numbers, in their order", async () => {
  open();
  await comes("event: connection\ndata: abc\n\n");
  page.send("one");
  page.send("two");
  await vi.advanceTimersByTimeAsync(20);
  page.send("three");
  await vi.advanceTimersByTimeAsync(1000);
  expect(posts.map(({ address, body }) => [address, body])).toEqual([["/s/1/p1/events/abc?n=1", "one\ntwo"]]);
  posts[0]?.answer(204);
  await vi.advanceTimersByTimeAsync(20);
  expect([posts[1]?.address, posts[1]?.body]).toEqual(["/s/1/p1/events/abc?n=2", "three"]);
});

test("a long message has a post of its own", async () => {
  open();
  await comes("event: connection\ndata: abc\n\n");
  for (const text of ["x".repeat(10_000), "y".repeat(10_000), "z"]) page.send(text);
  await vi.advanceTimersByTimeAsync(20);
  posts[0]?.answer(204);
  await vi.advanceTimersByTimeAsync(20);
  expect(posts.map(({ body }) => body.length)).toEqual([10_000, 10_002]);
});

test.each([410, 403, 500])("a post that is answered with %i ends the connection", async (code) => {
  open();
  await comes("event: connection\ndata: abc\n\n");
  page.send("one");
  await vi.advanceTimersByTimeAsync(20);
  posts[0]?.answer(code);
  await vi.advanceTimersByTimeAsync(20);
  expect(told.at(-1)).toBe("closed undefined");
});

test.each([
  [403, "closed 4401"],
  [404, "closed 4404"],
  [410, "closed 4410"],
  [429, "closed 4429"],
  [503, "closed 1012"],
  [502, "closed undefined"],
])("a refusal with status %i is told as a close code", async (code, word) => {
  status = code;
  open();
  await vi.advanceTimersByTimeAsync(0);
  expect(told).toEqual([word]);
});

test("a stream that ends, or that the page closes, is told once or not at all", async () => {
  open();
  await comes("event: connection\ndata: abc\n\n");
  stream.close();
  await vi.advanceTimersByTimeAsync(0);
  expect(told).toEqual(["opened", "closed undefined"]);
  told = [];
  open();
  page.close();
  await vi.advanceTimersByTimeAsync(0);
  expect(told).toEqual([]);
});
