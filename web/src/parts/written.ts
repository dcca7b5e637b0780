/** What has been written and may be read: people's own words, in serif, always with whose they are. */
import { html, nothing, type TemplateResult } from "lit";
import type { Room } from "../room";
import type { CaptureView } from "../wire.gen";
import { quote, t } from "../words";
import { icon } from "./icon";
import { free } from "./role_card";

/** Kept in sight above the others. */
const IN_SIGHT = ["request"];
const NOT_LISTED = [...IN_SIGHT, "can_help", "can_help_topic"];

/** Notes are beside oneself when one no longer writes them; what one wished to learn, when one writes what one learned. */
function listed(room: Room, capture: string): boolean {
  const writes = (id: string): boolean => room.own?.writable.some((one) => one.spec.id === id) ?? false;
  if (capture === "private_note") return !writes("private_note");
  if (capture === "intention") return writes("learning");
  return !NOT_LISTED.includes(capture);
}

/** The client's request, in sight once there is one; while it is being written, as it grows. */
export function request(room: Room): TemplateResult | typeof nothing {
  const { common } = room;
  const live = common?.live;
  const shown = live ?? common?.captures.filter((one) => one.capture === "request").at(-1);
  if (!common || !shown || !shown.fields["text"]) return nothing;
  const mine = room.isMe(shown.seat);
  const heading = mine ? t("request.mine") : t("request.of", { name: room.name(shown.seat) });
  const kind = shown.fields["kind"];
  return html`<section class="contract">
    <h2 class="eyebrow">${heading}${live ? html` <span>${icon("pen")}${t("request.live")}</span>` : nothing}</h2>
    <p class="voice">${quote(continued(shown.fields["text"]))}</p>
    ${kind ? html`<p class="faint">${t("request.expects", { kind: t(`option.${kind}`).toLowerCase() })}</p>` : nothing}
  </section>`;
}

/** A request goes on from the form's own words: one that begins small is shown to be the end of a sentence. */
function continued(words: string): string {
  return /^\p{Ll}/u.test(words) ? `… ${words}` : words;
}

/** All that may be read of this phase, newest first, by kind of writing. */
export function written(room: Room): TemplateResult | typeof nothing {
  const entries = readable(room).filter((one) => listed(room, one.capture));
  const hidden = Object.entries(room.common?.written ?? {}).filter(
    ([capture, count]) => count > 0 && !NOT_LISTED.includes(capture),
  );
  if (entries.length === 0 && hidden.length === 0) return nothing;
  const kinds = grouped(entries);
  return html`<div class="log" tabindex="0" role="group" aria-label=${t("written.label")}>
    ${[...kinds].map(
      ([capture, group]) =>
        html`<section>
          <header>
            <h2>${t(`capture.${capture}`)}</h2>
            ${group.length > 1 ? html`<span class="faint push">${group.length}</span>` : nothing}
          </header>
          <ol>
            ${newestFirst(group).map((one) => entry(room, one))}
          </ol>
        </section>`,
    )}
    ${hidden.map(([capture, count]) => html`<p class="faint">${icon("lock")} ${t("written.hidden", { what: t(`capture.${capture}`).toLowerCase(), count })}</p>`)}
  </div>`;
}

/** Common and own captures once each, in the order in which they were made. */
export function readable(room: Room): CaptureView[] {
  const all = [...(room.common?.captures ?? []), ...(room.own?.captures ?? [])];
  const once = new Map(all.map((one) => [one.entry, one]));
  return [...once.values()].sort((a, b) => a.entry - b.entry);
}

function grouped(entries: CaptureView[]): Map<string, CaptureView[]> {
  const kinds = new Map<string, CaptureView[]>();
  for (const one of entries) {
    const kind = one.capture === "answer" ? "question" : one.capture;
    kinds.set(kind, [...(kinds.get(kind) ?? []), one]);
  }
  return kinds;
}

/** Newest first; an answer stays behind the question it follows. */
function newestFirst(group: CaptureView[]): CaptureView[] {
  const threads: CaptureView[][] = [];
  for (const one of group) {
    if (one.capture === "answer" && threads.length > 0) threads.at(-1)?.push(one);
    else threads.push([one]);
  }
  return threads.reverse().flat();
}

export function entry(room: Room, one: CaptureView): TemplateResult {
  if (one.erased) return html`<li class="qa faint">${t("written.erased")}</li>`;
  const { kind, state, ...texts } = one.fields;
  const [first, ...rest] = Object.entries(texts).filter(([, value]) => value);
  const sort = free(room) ? undefined : (kind ?? state);
  const turn = room.common?.floor.turn;
  const live = one.capture === "question" && turn?.seat === one.seat;
  return html`<li class="qa ${one.capture} ${live ? "live" : ""}">
    <p class="who">${sort ? html`<strong>${t(`option.${sort}`)}</strong> ` : nothing}${room.name(one.seat)}</p>
    ${first ? html`<p class="voice">${quote(first[1])}</p>` : nothing}
    ${rest.map(([field, value]) => html`<p class="voice"><span class="faint">${t(`field.${field}`)}</span> ${field === "due" ? day(value) : value}</p>`)}
  </li>`;
}

function day(iso: string): string {
  const at = new Date(`${iso}T12:00`);
  return Number.isNaN(at.getTime())
    ? iso
    : at.toLocaleDateString(document.documentElement.lang, { day: "numeric", month: "long", year: "numeric" });
}
