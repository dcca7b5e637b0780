/**
 * The page's second way for sound: watches how the peer connection does, opens the line when it does not come up, looks from time
 * to time whether it would, and closes the line when it is there again. `Ladder` decides when.
 */
import { canCode, hasPeers } from "../capabilities";
import { Check } from "../check";
import { tabId } from "../connection";
import type { Devices } from "../devices";
import { now_ms } from "../moments";
import { Ladder } from "./ladder";
import { Line } from "./line";

/** What it asks of the media: nothing more is tried; try once more, beside the line. */
export interface Peers {
  up(): boolean;
  park(): void;
  rise(): void;
}

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

  /** See how things stand; about once a second, and when a peer connection came up. */
  look(): void {
    if (!this.possible) return;
    const now = now_ms();
    if (this.#ladder.peers(this.peers.up(), now, !hasPeers())) this.#stepped();
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
      case "socket":
        this.peers.park();
        this.line ??= new Line(this.path, tabId, this.devices.microphone, this.devices.chosen("speaker"), this.changed);
        break;
      case "rising":
        this.peers.rise();
        break;
      case "peers":
        this.#hangUp();
    }
    this.changed();
  }

  #hangUp(): void {
    this.line?.close();
    this.line = null;
  }
}
