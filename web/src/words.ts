/**
 * Words for people: symbolic ids in the sources, texts in `web/locales`, handed over with the page. A text with a count has
 * two forms under `id.one` and `id.other`; for a group that says *tu* a French text that differs stands under `id.tu`. Texts
 * of the script come in both languages with the view: see `text`.
 */
import type { Address, Language, Text } from "./wire.gen";

export type Params = Record<string, string | number>;

let language: Language = "fr";
let words: Record<string, string> = {};
let plural = new Intl.PluralRules("fr");
let familiar = false;

/** Set once, at the start. */
export function speak(chosen: Language, texts: Record<string, string>): void {
  language = chosen;
  words = texts;
  plural = new Intl.PluralRules(chosen);
  document.documentElement.lang = chosen;
}

/** How the group wants to be spoken to, as soon as the room says it. */
export function addressAs(address: Address): void {
  familiar = address === "tu" && language === "fr";
}

/** The text of `id`, placeholders `{name}` filled in. With `count`, the form that the language wants, or `.zero` where none is said differently. An unknown id shows itself. */
export function t(id: string, params: Params = {}): string {
  const count = params["count"];
  const found = (typeof count === "number" ? counted(id, count) : undefined) ?? word(id) ?? id;
  return found.replace(/\{(\w+)\}/g, (whole, name: string) => String(params[name] ?? whole));
}

function counted(id: string, count: number): string | undefined {
  const none = count === 0 ? word(`${id}.zero`) : undefined;
  return none ?? word(`${id}.${plural.select(count)}`) ?? word(`${id}.other`);
}

function word(id: string): string | undefined {
  return (familiar ? words[`${id}.tu`] : undefined) ?? words[id];
}

/** Whether there are words under this id. */
export function said(id: string): boolean {
  return id in words;
}

/** A text of the script in the page's language, set as that language is set. */
export function text(both: Text): string {
  return language === "fr" ? french((familiar ? both.tu : null) ?? both.fr) : both.en;
}

/** French typography: the apostrophe, and spaces that must not break before high punctuation and inside guillemets. */
export function french(plain: string): string {
  return plain
    .replace(/(\p{L})'/gu, "$1’")
    .replace(/ ([?!;])/g, "\u202f$1")
    .replace(/ ([:»])/g, "\u00a0$1")
    .replace(/« /g, "«\u00a0");
}

/** Somebody's own words, between the language's quotation marks. */
export function quote(words: string): string {
  const inner = words.replace(/^[«“"]\s*|\s*[»”"]$/gu, "").trim();
  return language === "fr" ? `«\u00a0${inner}\u00a0»` : `“${inner}”`;
}

/** Names joined as one says them: "Inès, Karim et Joe". */
export function list(names: string[]): string {
  return new Intl.ListFormat(language, { type: "conjunction" }).format(names);
}

/** A time of day as one says it: "10 h 35", "10:35". `wall_ms` is milliseconds since 1970. */
export function timeOfDay(wall_ms: number): string {
  const at = new Date(wall_ms);
  const minutes = String(at.getMinutes()).padStart(2, "0");
  return language === "fr" ? `${at.getHours()}\u00a0h\u00a0${minutes}` : `${at.getHours()}:${minutes}`;
}

/** A length as one says it: "2 min", "45 s", "1 min 15 s". Never negative. */
export function length(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  const minutes = Math.floor(seconds / 60);
  const rest = seconds % 60;
  if (minutes === 0) return `${rest}\u00a0s`;
  return rest === 0 ? `${minutes}\u00a0min` : `${minutes}\u00a0min\u00a0${rest}\u00a0s`;
}

/** Whole minutes as one plans with them: "8 min". At least one if there is anything. */
export function minutes(ms: number): string {
  const whole = Math.round(ms / 60_000);
  return whole === 0 && ms > 0 ? length(ms) : `${whole}\u00a0min`;
}
