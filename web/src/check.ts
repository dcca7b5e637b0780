/**
 * Which ways to the server are open from here: each is tried end to end, all at once, within 15 s. Packets of media that
 * come back prove a way, never "connected" of something else. What is found names the server's hosts and ports, and nothing
 * of the person.
 */
import { canCode, hardware, soundContext } from "./capabilities";
import { decodes, encoded } from "./sound/sample";
import type { CheckRung, IceServer } from "./wire.gen";

export type State = "running" | "works" | "closed";

/** A place that must be reachable: of the server or of its relay. */
export interface Where {
  host: string;
  port: number;
  /** The last one of several. */
  last?: number;
  protocol: "TCP" | "UDP" | "TLS";
}

export interface Finding {
  state: State;
  /** How long it took, once it is over. */
  ms: number;
  where: Where[];
}

/** How sound and pictures will come; `no_room`: the page itself will not work, neither by a WebSocket nor by events. */
export type Verdict = "direct" | "tcp" | "relay" | "sound" | "no_media" | "no_room";

/** First and last of those of all media workers; a session has one of them, none knows which. Null: they are not fixed. */
interface MediaPorts {
  udp: [number, number];
  tcp: [number, number];
}

interface Start {
  ice_servers: IceServer[];
  media_ports: MediaPorts | null;
}

const PLACE = "/check";
/** What the server says back on one socket. */
const ECHOES = 5;
const SAID = '{"type":"check"}';
/** For one request, for one try, and for the answer to the browser's question about the microphone: the longest row of them
 * (credentials, an offer, a relay) is over in 14 s. */
const POST_MS = 4000;
const TRY_MS = 6000;
const ASK_MS = 12_000;
/** Direct ways have so long for themselves where one way is enough. */
const DIRECT_MS = 2000;
const DIRECT: readonly CheckRung[] = ["udp", "tcp"];
const RELAYS: readonly CheckRung[] = ["relay_udp", "relay_tcp", "relay_tls"];
const ORDER: readonly CheckRung[] = [
  "socket",
  "reconnect",
  "events",
  "udp",
  "tcp",
  ...RELAYS,
  "sound",
  "microphone",
  "speaker",
];

export class Check {
  findings = new Map<CheckRung, Finding>();
  running = false;
  /** The server has too many checks at this moment. */
  busy = false;
  at = "";
  changed: () => void = () => undefined;
  #stopped = false;
  #ports: MediaPorts | null = null;
  #open = new Set<{ close(): void }>();

  /** `microphone`: whether there is one; `done` is told what works. */
  constructor(
    private readonly microphone: () => Promise<boolean> = ask,
    private readonly done: (works: CheckRung[]) => void = () => undefined,
  ) {}

  /** Try everything. Returns when all is over. */
  async start(): Promise<void> {
    if (this.running) return;
    this.running = true;
    this.#stopped = false;
    this.busy = false;
    this.findings = new Map();
    this.changed();
    const page = here();
    const first = this.#try("socket", page, this.#socket());
    const tries = [
      first,
      this.#try(
        "reconnect",
        page,
        first.then((works) => works && this.#socket()),
      ), // the first one was cut by then
      this.#try("events", page, this.#events()),
      this.#try("udp", [], this.#media("udp")),
      this.#try("tcp", [], this.#media("tcp")),
      this.#relayed(),
      this.#try("sound", page, this.#sound()),
      this.#try("microphone", [], within(ASK_MS, this.microphone())),
      this.#try("speaker", [], within(2000, sounds())),
    ];
    this.changed();
    await Promise.all(tries);
    this.#finish();
  }

  /** Whether sound gets through at all, by the first way that does; what works then, with `carrier`, which brought the page.
   * Null: it could not be tried. Findings stay as they are. */
  async anyMedia(carrier: "socket" | "events"): Promise<CheckRung[] | null> {
    const works = await this.anyPeers(carrier);
    if (works === null || works.length > 1 || this.#stopped) return works;
    return (await this.#sound().catch(() => false)) ? [...works, "sound"] : works;
  }

  /** The same for sound and pictures: by packets, directly or, where that does not come soon, through a relay. */
  async anyPeers(carrier: "socket" | "events"): Promise<CheckRung[] | null> {
    const quick = new Check();
    this.#open.add({ close: () => quick.stop() });
    const trial = async (rung: CheckRung, works: Promise<boolean>): Promise<CheckRung[]> => {
      if (await works) return [carrier, rung];
      throw new Error("closed");
    };
    const direct = Promise.any(DIRECT.map((rung) => trial(rung, quick.#media(rung))));
    const relayed = async (): Promise<CheckRung[]> => {
      await within(
        DIRECT_MS,
        direct.catch(() => null),
      );
      const ways = quick.#stopped ? [] : await quick.#relays();
      return Promise.any(ways.map((way) => trial(rungOf(way), quick.#media(rungOf(way), way))));
    };
    const found = await Promise.any([direct, relayed()]).catch(() => null);
    quick.stop();
    return found ?? (quick.busy ? null : [carrier]);
  }

  #finish(): void {
    this.#name_all_ports();
    this.at = new Date().toISOString().slice(0, 16) + "Z";
    this.running = false;
    if (this.#stopped) this.findings.clear();
    else if (!this.busy) this.done(this.works);
    this.changed();
  }

  /** Nobody waits for it any more: close what is open, find nothing. May be repeated. */
  stop(): void {
    this.#stopped = true;
    for (const one of this.#open) one.close();
    this.#open.clear();
  }

  /** Neither sound nor picture will come, as far as this was found. */
  get hopeless(): boolean {
    return this.over && !this.busy && (this.verdict === "no_media" || this.verdict === "no_room");
  }

  get over(): boolean {
    return !this.running && this.findings.size > 0;
  }

  get works(): CheckRung[] {
    return ORDER.filter((rung) => this.findings.get(rung)?.state === "works");
  }

  get closed(): CheckRung[] {
    return ORDER.filter((rung) => this.findings.get(rung)?.state === "closed");
  }

  get verdict(): Verdict {
    return verdict(this.works);
  }

  /** For a colleague of the IT department's programs. */
  report(): string {
    const tried = ORDER.filter((rung) => this.findings.has(rung)).map((rung) => {
      const { state, ms, where } = this.findings.get(rung) as Finding;
      return { rung, works: state === "works", ms, where };
    });
    const report = { cosession_check: 1, at: this.at, site: location.host, verdict: this.verdict, tried };
    return JSON.stringify(report, null, 2);
  }

  async #try(rung: CheckRung, where: Where[], trial: Promise<boolean>): Promise<boolean> {
    const began = performance.now();
    const finding: Finding = { state: "running", ms: 0, where: this.findings.get(rung)?.where ?? where };
    this.findings.set(rung, finding);
    const works = await trial.catch(() => false);
    finding.ms = Math.round(performance.now() - began);
    finding.state = works ? "works" : "closed";
    this.changed();
    return works;
  }

  /** A WebSocket that says what it was told. It is cut then. */
  async #socket(): Promise<boolean> {
    const socket = new WebSocket(addressOf("socket"));
    this.#open.add(socket);
    const said = new Promise<boolean>((done) => {
      socket.onopen = () => socket.send(SAID);
      socket.onmessage = (event) => done(event.data === SAID);
      socket.onclose = (event) => {
        this.busy ||= event.code === 4429;
        done(false);
      };
    });
    const works = await within(TRY_MS, said);
    socket.close();
    return works;
  }

  /** A voice by the page's own connection: coded here, sent, received and decoded again. */
  async #sound(): Promise<boolean> {
    if (!canCode()) return false;
    const frames = await within(TRY_MS, encoded(ECHOES));
    if (!frames) return false;
    const socket = new WebSocket(addressOf("socket"));
    socket.binaryType = "arraybuffer";
    this.#open.add(socket);
    const came = new Promise<ArrayBuffer[] | false>((done) => {
      const back: ArrayBuffer[] = [];
      socket.onopen = () => {
        for (const frame of frames) socket.send(frame);
      };
      socket.onmessage = ({ data }: MessageEvent<ArrayBuffer>) => {
        back.push(data);
        if (back.length === frames.length) done(back);
      };
      socket.onclose = (event) => {
        this.busy ||= event.code === 4429;
        done(false);
      };
    });
    const back = await within(TRY_MS, came);
    socket.close();
    return back !== false && (await within(TRY_MS, decodes(back)));
  }

  /** Events that come as they are sent: the second follows the word that the first was heard. A proxy that keeps an answer back
   * until it is whole brings neither. */
  async #events(): Promise<boolean> {
    const source = new EventSource(`${PLACE}/events`);
    this.#open.add(source);
    const came = new Promise<boolean>((done) => {
      source.onmessage = ({ data }: MessageEvent<string>) => {
        if (data === "heard") done(true);
        else post(`${PLACE}/heard`, { name: data }).catch(() => done(false));
      };
      source.onerror = () => done(false);
    });
    const works = await within(TRY_MS, came);
    source.close();
    return works;
  }

  /** Every relay that there is, by each transport. */
  async #relayed(): Promise<void> {
    const ways = await this.#relays();
    const tries = RELAYS.flatMap((rung) => {
      const mine = ways.filter((way) => rungOf(way) === rung);
      const trials = mine.map((way) => this.#media(rung, way).catch(() => false));
      const any = Promise.all(trials).then((all) => all.some(Boolean));
      return mine.length > 0 ? [this.#try(rung, mine.map(whereOf), any)] : [];
    });
    await Promise.all(tries);
  }

  /** The relays that the server names, each with one address. */
  async #relays(): Promise<IceServer[]> {
    const answer = await post<Start>(`${PLACE}/start`, {}).catch(() => null);
    this.busy ||= answer === "busy";
    if (!answer || answer === "busy") return [];
    this.#ports = answer.media_ports;
    return answer.ice_servers.flatMap((server) => server.urls.map((url) => ({ ...server, urls: [url] })));
  }

  /** Sound to the media server and back, by one way alone: ICE and DTLS need packets in both directions. */
  async #media(rung: CheckRung, relay?: IceServer): Promise<boolean> {
    const pc = new RTCPeerConnection({
      bundlePolicy: "max-bundle",
      iceServers: relay ? [relay] : [],
      iceTransportPolicy: relay ? "relay" : "all",
    });
    this.#open.add(pc);
    try {
      pc.addTransceiver("audio", { direction: "recvonly" });
      await pc.setLocalDescription();
      const answer = await post<{ sdp: string }>(`${PLACE}/offer`, { sdp: pc.localDescription?.sdp ?? "" });
      if (answer === "busy") {
        this.busy = true;
        return false;
      }
      if (this.#stopped) return false;
      const up = new Promise<boolean>((done) => {
        pc.onconnectionstatechange = () => {
          if (pc.connectionState === "connected") done(true);
          else if (pc.connectionState === "failed") done(false);
        };
      });
      const sdp = relay ? answer.sdp : only(rung, answer.sdp);
      if (!relay) this.#place(rung, candidates(sdp));
      await pc.setRemoteDescription({ type: "answer", sdp });
      return await within(TRY_MS, up);
    } finally {
      pc.close();
    }
  }

  /** One worker was tried; what has to be open are the ports of all. */
  #name_all_ports(): void {
    for (const rung of ["udp", "tcp"] as const) {
      const [first, last] = this.#ports?.[rung] ?? [0, 0];
      for (const where of first ? (this.findings.get(rung)?.where ?? []) : [])
        Object.assign(where, last > first ? { port: first, last } : { port: first });
    }
  }

  #place(rung: CheckRung, where: Where[]): void {
    const finding = this.findings.get(rung);
    if (finding) finding.where = where;
  }
}

/** What the rungs that work come to; of a seat's check too. */
export function verdict(works: readonly CheckRung[]): Verdict {
  if (!works.includes("socket") && !works.includes("events")) return "no_room";
  if (works.includes("udp")) return "direct";
  if (works.includes("tcp")) return "tcp";
  if (RELAYS.some((rung) => works.includes(rung))) return "relay";
  return works.includes("sound") ? "sound" : "no_media";
}

async function post<Answer>(path: string, body: object): Promise<Answer | "busy"> {
  const headers = { "content-type": "application/json", accept: "application/json" };
  const answer = await within(POST_MS, fetch(path, { method: "POST", headers, body: JSON.stringify(body) }));
  if (!answer) throw new Error("no answer");
  if (answer.status === 429) return "busy";
  if (!answer.ok) throw new Error(String(answer.status));
  return (answer.status === 204 ? {} : await answer.json()) as Answer;
}

function addressOf(what: string): URL {
  const url = new URL(`${PLACE}/${what}`, location.href);
  url.protocol = url.protocol.replace("http", "ws");
  return url;
}

/** False if it is not over in time. */
function within<Result>(ms: number, what: Promise<Result>): Promise<Result | false> {
  return Promise.race([what, new Promise<false>((done) => setTimeout(() => done(false), ms))]);
}

const CANDIDATE = /^a=candidate:\S+ 1 (udp|tcp) \d+ (\S+) (\d+) typ host.*$/gim;

/** The answer with the candidates of one protocol alone. */
function only(rung: CheckRung, sdp: string): string {
  return sdp.replace(new RegExp(CANDIDATE.source + "\r?\n", "gim"), (line, protocol: string) =>
    protocol.toLowerCase() === rung ? line : "",
  );
}

/** Where the media server says that it can be reached; an address of its own machine is nobody's business elsewhere. */
function candidates(sdp: string): Where[] {
  const found = [...sdp.matchAll(CANDIDATE)].map(([, protocol, host, port]) => ({
    host: host ?? "",
    port: Number(port),
    protocol: protocol?.toLowerCase() === "tcp" ? ("TCP" as const) : ("UDP" as const),
  }));
  const beyond = found.filter(({ host }) => !host.startsWith("127.") && host !== "::1");
  return beyond.length > 0 ? beyond : found;
}

function here(): Where[] {
  const secure = location.protocol === "https:";
  return [{ host: location.hostname, port: Number(location.port) || (secure ? 443 : 80), protocol: "TCP" }];
}

function rungOf({ urls: [url] }: IceServer): CheckRung {
  return url?.startsWith("turns:") ? "relay_tls" : url?.endsWith("=tcp") ? "relay_tcp" : "relay_udp";
}

function whereOf(relay: IceServer): Where {
  const [, host, port] = /^turns?:(\[[^\]]*\]|[^:]*):(\d+)/.exec(relay.urls[0] ?? "") ?? [];
  const rung = rungOf(relay);
  const protocol = rung === "relay_tls" ? "TLS" : rung === "relay_tcp" ? "TCP" : "UDP";
  return { host: host ?? "", port: Number(port), protocol };
}

/** Whether the browser gives a microphone; it is let go at once. */
async function ask(): Promise<boolean> {
  const stream = await hardware()?.getUserMedia({ audio: true });
  if (!stream) return false;
  for (const track of stream.getTracks()) track.stop();
  return true;
}

/** Whether sound can be played. */
async function sounds(): Promise<boolean> {
  const context = soundContext();
  if (!context) return false;
  await context.resume();
  const works = context.state === "running";
  await context.close();
  return works;
}
