/**
 * The page's second way for sound: watches how the peer connection does, opens the line when it does not come up, looks from time
 * to time whether it would, and closes the line when it is there again. `Ladder` decides when.
 */
import { canCode, hasPeers } from "../capabilities";
import { Check } from "../check";
import { tabId } from "../connection";
import type { Devices } from "../devices";
import { later, now_ms } from "../moments";
import { Ladder } from "./ladder";
import { Line } from "./line";

/** What it asks of the media: whether the peer connection carries, and the server is heard; how many packets of voices have come
 * by it; nothing more is tried; try once more, beside the line. */
export interface Peers {
  up(): boolean;
  served(): boolean;
  voices(): Promise<number>;
  park(): void;
  rise(): void;
}

/** The line ends when voices come by the peer connection again (a tenth of a second of one), or nobody has spoken for so long. */
const VOICES = 5;
const HAND_OVER_MS = 2000;
const HAND_OVER_LOOK_MS = 100;

export class Backup {
  line: Line | null = null;
  /** Without it there is no such way in this browser. */
  readonly possible = canCode();
  #ladder = new Ladder();
  #check: Check | null = null;

  constructor(
    private readonly path: string,
    private readonly devices: Devices,
    private readonly peers: Peers,
    private readonly changed: () => void,
  ) {}

  /** No peer connection is to be made now. */
  get parked(): boolean {
    return this.#ladder.step === "socket";
  }

  /** The line carries for a moment only: nobody need be told. */
  get bridges(): boolean {
    return this.#ladder.step === "bridged" || this.#ladder.step === "peers";
  }

  /** See how things stand; about once a second, and when a peer connection came up. */
  look(): void {
    if (!this.possible) return;
    const now = now_ms();
    if (this.#ladder.peers(this.peers.up(), now, !hasPeers(), this.peers.served())) this.#stepped();
    if (hasPeers() && this.#ladder.looks(now)) void this.#try();
  }

  /** Nobody is to be heard any more. May be repeated. */
  close(): void {
    this.#check?.stop();
    this.#ladder = new Ladder();
    this.#hangUp();
  }

  async #try(): Promise<void> {
    const check = (this.#check = new Check());
    const works = await check.anyPeers("socket").catch(() => null);
    check.stop();
    if (check !== this.#check) return;
    this.#check = null;
    if (this.#ladder.looked((works ?? []).length > 1, now_ms())) this.#stepped();
  }

  #stepped(): void {
    switch (this.#ladder.step) {
      case "bridged":
        this.#call();
        break;
      case "socket":
        this.peers.park();
        this.#call();
        break;
      case "rising":
        this.peers.rise();
        break;
      case "peers":
        void this.#handOver();
    }
    this.changed();
  }

  /** Both ways are open for a moment, so that no word falls between them. */
  async #handOver(): Promise<void> {
    const ladder = this.#ladder;
    const until = now_ms() + HAND_OVER_MS;
    const before = await this.peers.voices();
    while (now_ms() < until && (await this.peers.voices()) - before < VOICES)
      await new Promise<void>((done) => later(HAND_OVER_LOOK_MS, done));
    if (ladder !== this.#ladder || ladder.step !== "peers") return;
    this.#hangUp();
    this.changed();
  }

  #call(): void {
    this.line ??= new Line(this.path, tabId, this.devices.microphone, this.devices.chosen("speaker"), this.changed);
  }

  #hangUp(): void {
    this.line?.close();
    this.line = null;
  }
}
