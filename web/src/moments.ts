/**
 * When something is to be done: judged not by the page's timers alone, which a browser holds back in a hidden page, stops in a
 * frozen one and a sleeping computer not even has. A worker beats beside them, and what happens (a message, the network's
 * return, the page shown again) is a moment to look, too (real-world.md).
 */
import address from "./beat.worker.ts?worker&url";
import { worker } from "./capabilities";

export interface Moment {
  cancel(): void;
}

interface Due {
  at_ms: number;
  act: () => void;
}

const BEAT_MS = 1000;
/** Between two looks the wall clock has gone so much further than the page's own: the computer slept. */
const SLEPT_MS = 2000;
const due = new Set<Due>();
const each = new Set<() => void>();
let beating = false;
let slept_ms = 0;
let looked = { wall_ms: 0, page_ms: 0 };

/** Milliseconds since the page began, sleep included. */
export function now_ms(): number {
  const page_ms = performance.now();
  const wall_ms = Date.now();
  const lead_ms = wall_ms - looked.wall_ms - (page_ms - looked.page_ms);
  if (looked.wall_ms > 0 && lead_ms > SLEPT_MS) slept_ms += lead_ms;
  looked = { wall_ms, page_ms };
  return page_ms + slept_ms;
}

/** Do it once, after so long. */
export function later(after_ms: number, act: () => void): Moment {
  beat();
  const one: Due = { at_ms: now_ms() + after_ms, act };
  due.add(one);
  const timer = setTimeout(() => done(one), after_ms);
  return {
    cancel: () => {
      clearTimeout(timer);
      due.delete(one);
    },
  };
}

/** Do it about once a second, and whenever there is reason to look: `act` judges by time, not by how often it is called. */
export function often(act: () => void): Moment {
  beat();
  each.add(act);
  const timer = setInterval(act, BEAT_MS);
  return {
    cancel: () => {
      clearInterval(timer);
      each.delete(act);
    },
  };
}

/** A moment to look: something has come, or a second is over. */
export function look(): void {
  const now = now_ms();
  for (const one of due) if (now >= one.at_ms) done(one);
  for (const act of each) act();
}

function done(one: Due): void {
  if (due.delete(one)) one.act();
}

function beat(): void {
  if (beating) return;
  beating = true;
  const beside = worker(address);
  if (beside) beside.onmessage = look;
  for (const name of ["online", "pageshow"]) addEventListener(name, look);
  for (const name of ["visibilitychange", "resume"]) document.addEventListener(name, look);
}
