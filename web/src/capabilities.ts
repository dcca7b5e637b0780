/**
 * What this browser has of what may be missing: old versions, policies of a company, privacy add-ons, embedded browsers. The one
 * place that asks; everything else gets what it wants or null, never an exception, and goes on without. What a person must be
 * told is a `Lack`, with words of its own (`lack.<lack>`).
 */
import { kept } from "./storage";

/** `peers`: neither sound nor pictures; `pictures`: sound alone, by the page itself; `cookies`: the server cannot know who one is; `storage`: a reload forgets. */
export type Lack = "peers" | "pictures" | "cookies" | "storage";

/** What this browser lacks that a person must know of, worst first. */
export function lacks(): Lack[] {
  const lacking: Lack[] = [];
  if (!hasPeers()) lacking.push(canCode() ? "pictures" : "peers");
  if (has(navigator, "cookieEnabled") && !navigator.cookieEnabled) lacking.push("cookies");
  if (!kept()) lacking.push("storage");
  return lacking;
}

/** Whether sound and pictures can come at all. */
export function hasPeers(): boolean {
  return has(globalThis, "RTCPeerConnection");
}

/** Cameras, microphones and loudspeakers: nothing where the page did not come over https. */
export function hardware(): MediaDevices | null {
  return has(navigator, "mediaDevices") ? navigator.mediaDevices : null;
}

/** Whether sound can be coded here, so that it can go by the page's own connection. */
export function canCode(): boolean {
  return ["AudioEncoder", "AudioDecoder", "AudioContext", "AudioWorkletNode"].every((name) => has(globalThis, name));
}

/** A new one, not yet playing, of this many samples a second where it matters; null where there is none, or where the browser has
 * given out too many. */
export function soundContext(rate?: number): AudioContext | null {
  try {
    return rate ? new AudioContext({ sampleRate: rate, latencyHint: "interactive" }) : new AudioContext();
  } catch {
    return null;
  }
}

/** Whether sounds can be made here. */
export function canSound(): boolean {
  return has(globalThis, "AudioContext");
}

/** Whether somebody has touched the page, without which browsers keep it silent; one that cannot tell may try. */
export function touched(): boolean {
  return !has(navigator, "userActivation") || navigator.userActivation.hasBeenActive;
}

/** Whether somebody asked their system for less motion. */
export function lessMotion(): boolean {
  return has(globalThis, "matchMedia") && matchMedia("(prefers-reduced-motion: reduce)").matches;
}

/** A browser that has not answered about a lock after so long is not waited for. */
const LOCK_MS = 1000;

/** Take a lock for the page's life. False only if another page is known to have it. */
export async function claim(name: string): Promise<boolean> {
  const { locks } = navigator as { locks?: LockManager };
  if (!locks) return true;
  return new Promise<boolean>((claimed) => {
    setTimeout(() => claimed(true), LOCK_MS);
    const held = (lock: Lock | null): Promise<never> | undefined => {
      claimed(lock !== null);
      return lock === null ? undefined : new Promise(() => undefined);
    };
    Promise.resolve()
      .then(() => locks.request(name, { ifAvailable: true }, held))
      .catch(() => claimed(true));
  });
}

/** Keep the screen awake until the lock is released; null if the browser cannot or will not. */
export async function wakeLock(): Promise<WakeLockSentinel | null> {
  try {
    return await navigator.wakeLock.request("screen");
  } catch {
    return null;
  }
}

/** Whether the browser knows notifications and nobody has refused them. */
export function canNotify(): boolean {
  return has(globalThis, "Notification") && Notification.permission !== "denied";
}

/** Whether this page may show one now. */
export function mayNotify(): boolean {
  return has(globalThis, "Notification") && Notification.permission === "granted";
}

/** A notification that brings this page to the front; null where a page may show none (Android). */
export function notify(title: string, body: string): Notification | null {
  try {
    const shown = new Notification(title, { body, tag: "cosession" });
    shown.onclick = () => focus();
    return shown;
  } catch {
    return null;
  }
}

/** Send an element's sound to a loudspeaker. False if the browser cannot choose, or the loudspeaker is gone. */
export async function playOn(element: HTMLMediaElement | AudioContext, speaker: string): Promise<boolean> {
  try {
    await (element as { setSinkId: (id: string) => Promise<void> }).setSinkId(speaker);
    return true;
  } catch {
    return false;
  }
}

/** A dialog above everything else; as a plain one where the browser knows no other. */
export function open(dialog: HTMLDialogElement): void {
  if (has(dialog, "showModal")) dialog.showModal();
  else dialog.setAttribute("open", "");
}

export function shut(dialog: HTMLDialogElement): void {
  if (has(dialog, "close")) {
    dialog.close();
    return;
  }
  dialog.removeAttribute("open");
  dialog.dispatchEvent(new Event("close"));
}

/** Names as the language joins them. */
export function joined(names: string[], language: string): string {
  return has(Intl, "ListFormat")
    ? new Intl.ListFormat(language, { type: "conjunction" }).format(names)
    : names.join(", ");
}

/** Which form a number wants; one or other where the browser cannot tell. */
export function pluralOf(language: string): (count: number) => string {
  if (has(Intl, "PluralRules")) {
    const rules = new Intl.PluralRules(language);
    return (count) => rules.select(count);
  }
  return (count) => (count === 1 ? "one" : "other");
}

/** A worker from our own file; null where there are none. Its address is the only script that a page may name at run time. */
export function worker(address: string): Worker | null {
  try {
    const { trustedTypes } = globalThis as { trustedTypes?: { createPolicy: (name: string, rules: object) => Policy } };
    const policy = trustedTypes?.createPolicy("cosession", { createScriptURL: () => address });
    return new Worker((policy?.createScriptURL(address) ?? address) as string, { type: "module" });
  } catch {
    return null;
  }
}

interface Policy {
  createScriptURL(address: string): object;
}

/** There, and not emptied by a policy or an add-on. */
export function has(owner: object, name: string): boolean {
  return (owner as Record<string, unknown>)[name] != null;
}
