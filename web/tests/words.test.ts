import { readFileSync } from "node:fs";
import { beforeEach, describe, expect, test } from "vitest";
import { addressAs, length, list, minutes, quote, said, speak, t, text, timeOfDay, typeset } from "../src/words";

const WORDS = {
  hello: "Bonjour {name}",
  "hello.familiar": "Salut {name}",
  plain: "Rien",
  "seats.one": "{count} place",
  "seats.other": "{count} places",
  "seats.zero": "personne",
  "notes.one": "{count} note",
  "notes.other": "{count} notes",
  time: "{hour}\u00a0h\u00a0{minute}",
  quote: "«\u00a0{text}\u00a0»",
  apostrophe: "’",
  "space.narrow_before": "?!;",
  "space.before": ":»",
  "space.after": "«",
};
const ENGLISH = { hello: "Hello {name}", time: "{hour}:{minute}", quote: "“{text}”" };

beforeEach(() => {
  speak("fr", WORDS);
  addressAs("formal");
});

describe("a text", () => {
  test("has its placeholders filled in, and keeps those that nobody named", () => {
    expect(t("hello", { name: "Inès" })).toBe("Bonjour Inès");
    expect(t("hello")).toBe("Bonjour {name}");
    expect(t("hello", { name: "{name} $& 1" })).toBe("Bonjour {name} $& 1");
  });

  test("that is missing shows its id", () => {
    expect(t("nowhere")).toBe("nowhere");
    expect([said("plain"), said("nowhere")]).toEqual([true, false]);
  });

  test("with a count takes the form of the language", () => {
    expect([0, 1, 2].map((count) => t("notes", { count }))).toEqual(["0 note", "1 note", "2 notes"]);
    speak("en", WORDS);
    expect([0, 1, 2].map((count) => t("notes", { count }))).toEqual(["0 notes", "1 note", "2 notes"]);
  });

  test("says none in its own words where there are some", () => {
    expect(t("seats", { count: 0 })).toBe("personne");
  });

  test("is familiar to a group that wants it, in a language that has such a form", () => {
    addressAs("familiar");
    expect(t("hello", { name: "Inès" })).toBe("Salut Inès");
    expect(t("plain")).toBe("Rien");
    speak("en", ENGLISH);
    expect(t("hello", { name: "Inès" })).toBe("Hello Inès");
  });

  test("of a script is read in the page's language, and in the script's where that lacks", () => {
    expect(text({ en: "An opinion", fr: "Un avis" })).toBe("Un avis");
    speak("de", {});
    expect(text({ fr: "Un avis", en: "An opinion" })).toBe("Un avis");
    expect(text({ fr: "Un avis", de: "Eine Meinung" })).toBe("Eine Meinung");
  });

  test("takes the forms of any language, and the other one where a form has no words", () => {
    const notes = { "notes.one": "{count} nuta", "notes.few": "{count} nuty", "notes.other": "{count} nut" };
    speak("pl", notes);
    expect([1, 3, 5].map((count) => t("notes", { count }))).toEqual(["1 nuta", "3 nuty", "5 nut"]);
  });

  test("sets the language of the page, for whoever reads it aloud", () => {
    speak("en", {});
    expect(document.documentElement.lang).toBe("en");
  });
});

test("French is set as French is: nothing breaks before high punctuation", () => {
  expect(typeset("« L'avis » : quoi ? Oui ; non !")).toBe(
    "«\u00a0L’avis\u00a0»\u00a0: quoi\u202f? Oui\u202f; non\u202f!",
  );
  expect(text({ fr: "Qui ?", en: "Who?" })).toBe("Qui\u202f?");
  speak("en", ENGLISH);
  expect(typeset("« L'avis » : quoi ?")).toBe("« L'avis » : quoi ?");
});

test("somebody's words stand between the language's marks, once", () => {
  expect(quote("« Qui ? »")).toBe("«\u00a0Qui ?\u00a0»");
  speak("en", ENGLISH);
  expect(quote('"Who?"')).toBe("“Who?”");
  speak("de", { quote: "„{text}“" });
  expect(quote("„Wer?“")).toBe("„Wer?“");
});

test("names are joined as one says them", () => {
  expect(list(["Inès", "Karim", "Joe"])).toBe("Inès, Karim et Joe");
  speak("en", {});
  expect(list(["Inès", "Karim"])).toBe("Inès and Karim");
});

test("a time of day is said as the language says it", () => {
  const at = new Date(2026, 10, 3, 9, 5).getTime();
  expect(timeOfDay(at)).toBe("9\u00a0h\u00a005");
  speak("en", ENGLISH);
  expect(timeOfDay(at)).toBe("9:05");
});

test.each([
  [-5000, "0 s"],
  [400, "0 s"],
  [45_000, "45 s"],
  [59_600, "1 min"],
  [75_000, "1 min 15 s"],
  [120_000, "2 min"],
])("a length of %i ms is said as %s", (ms, words) => {
  expect(length(ms)).toBe(words.replaceAll(" ", "\u00a0"));
});

test.each([
  [0, "0 min"],
  [20_000, "20 s"],
  [100_000, "2 min"],
  [480_000, "8 min"],
])("%i ms are planned as %s", (ms, words) => {
  expect(minutes(ms)).toBe(words.replaceAll(" ", "\u00a0"));
});

describe("a word before a name", () => {
  const folder = `${import.meta.dirname}/../locales/fr/LC_MESSAGES/language.po`;
  const own = Object.fromEntries(
    [...readFileSync(folder, "utf8").matchAll(/^msgid "(elision\S*)"\nmsgstr "(.*)"$/gm)].map(([, id, said]) => [
      id,
      said,
    ]),
  ) as Record<string, string>;
  const names = JSON.parse(readFileSync(`${import.meta.dirname}/../../tests/i18n/elisions.json`, "utf8")) as object;

  test.each(Object.entries(names) as [string, string][])("gives way where %s wants it", (name, joined) => {
    const texts = { ...WORDS, ...own, of: "lien de {name}", code: "code {name}", that: "Ce que {name} dit" };
    speak("fr", texts);
    expect(t("of", { name })).toBe(`lien ${joined}`);
    expect(t("code", { name })).toBe(`code ${name}`);
    expect(t("that", { name })).toBe(`Ce ${joined.replace(/^d(?=[e’])/, "qu")} dit`);
    expect(t("of")).toBe("lien de {name}");
  });

  test("stays in a language without such words", () => {
    speak("en", { of: "de {name}" });
    expect(t("of", { name: "Inès" })).toBe("de Inès");
  });
});
