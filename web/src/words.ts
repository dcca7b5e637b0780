/**
 * Words for people: symbolic ids in the sources, texts in `web/locales`, handed over with the page. A text with a count has
 * the forms that its language has for numbers, `id.one`, `id.other`; what is said otherwise to a group that wants the familiar
 * form of address stands under `id.familiar`. Texts of the script come by language with the view: see `text`.
 */
import { joined, pluralOf } from "./capabilities";
import type { Formality, Text } from "./wire.gen";

export type Params = Record<string, string | number>;

let language = "fr";
let words: Record<string, string> = {};
let plural = pluralOf("fr");
let familiar = false;
/** A placeholder; in a language whose words give way before some names (« lien d’Inès »), with that word before it. */
let placed = /\{(\w+)\}/g;
/** Before what they give way; `cosession/i18n/words.py` does the same by the same rule. */
let elides: RegExp | undefined;

/** Set once, at the start. */
export function speak(chosen: string, texts: Record<string, string>): void {
  language = chosen;
  words = texts;
  plural = pluralOf(chosen);
  const [gives, before] = [texts["elision"], texts["elision.before"]];
  const said = gives !== undefined && before !== undefined;
  placed = said ? new RegExp(`(?:\\b(${gives}) )?\\{(\\w+)\\}`, "giu") : /\{(\w+)\}/g;
  elides = said ? new RegExp(`^(?:${before})`, "iu") : undefined;
  document.documentElement.lang = chosen;
}

/** How the group wants to be spoken to, as soon as the room says it. */
export function addressAs(formality: Formality): void {
  familiar = formality === "familiar";
}

/** The text of `id`, placeholders `{name}` filled in. With `count`, the form that the language wants, or `.zero` where none is said differently. An unknown id shows itself. */
export function t(id: string, params: Params = {}): string {
  const count = params["count"];
  const found = (typeof count === "number" ? counted(id, count) : undefined) ?? word(id) ?? id;
  return found.replace(placed, (whole: string, ...groups: (string | undefined)[]) => {
    // Where no word gives way, there is one group, followed by the place.
    const [before, name] = elides === undefined ? [undefined, groups[0]] : groups;
    const value = params[name ?? ""];
    if (value === undefined) return whole;
    if (before === undefined) return String(value);
    const gives = elides?.test(String(value).normalize("NFC")) === true;
    return gives ? `${before.slice(0, -1)}${words["apostrophe"] ?? "'"}${value}` : `${before} ${value}`;
  });
}

function counted(id: string, count: number): string | undefined {
  const none = count === 0 ? word(`${id}.zero`) : undefined;
  return none ?? word(`${id}.${plural(count)}`) ?? word(`${id}.other`);
}

function word(id: string): string | undefined {
  return (familiar ? words[`${id}.familiar`] : undefined) ?? words[id];
}

/** Whether there are words under this id. */
export function said(id: string): boolean {
  return id in words;
}

/** A text of the script in the page's language, set as that language is set; where it lacks, in that of the script. */
export function text(texts: Text): string {
  return typeset(texts[language] ?? Object.values(texts)[0] ?? "");
}

/** With the apostrophe of the language, and spaces that do not break where it has some: French before high punctuation. */
export function typeset(plain: string): string {
  return plain
    .replace(/(\p{L})'/gu, `$1${words["apostrophe"] ?? "'"}`)
    .replace(/ (?=(.))/gu, (_, sign: string) => unbroken(sign))
    .replace(/(.) /gu, (both, sign: string) => (words["space.after"]?.includes(sign) ? `${sign}\u00a0` : both));
}

/** The space before a sign. */
function unbroken(sign: string): string {
  if (words["space.narrow_before"]?.includes(sign)) return "\u202f";
  return words["space.before"]?.includes(sign) ? "\u00a0" : " ";
}

/** Somebody's own words, between the language's quotation marks. */
export function quote(own: string): string {
  const inner = own.replace(/^[«»“„"]\s*|\s*[«»“”"]$/gu, "").trim();
  return t("quote", { text: inner });
}

/** Names joined as one says them: "Inès, Karim et Joe". */
export function list(names: string[]): string {
  return joined(names, language);
}

/** A time of day as one says it: "10 h 35", "10:35". `wall_ms` is milliseconds since 1970. */
export function timeOfDay(wall_ms: number): string {
  const at = new Date(wall_ms);
  return t("time", { hour: at.getHours(), minute: String(at.getMinutes()).padStart(2, "0") });
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
