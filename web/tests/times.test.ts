import { expect, test } from "vitest";
import { showLocalTimes } from "../src/pages/times";

test.each([
  ["fr", "{hour}\u00a0h\u00a0{minute}", "1er", "mardi 1er décembre, 9\u00a0h\u00a005"],
  ["en", "{hour}:{minute}", "", "Tuesday 1 December, 9:05"],
])("a page in %s says day and hour as its server does", (lang, time, first, said) => {
  document.documentElement.lang = lang;
  Object.assign(document.body.dataset, { date: "EEEE d MMMM", time, first });
  const shown = document.createElement("time");
  shown.dateTime = new Date(2026, 11, 1, 9, 5).toISOString();
  shown.dataset["format"] = "long";
  document.body.replaceChildren(shown);
  showLocalTimes(document);
  expect(shown.textContent).toBe(said);
  shown.dataset["format"] = "hour";
  showLocalTimes(document);
  expect(shown.textContent).toBe(said.split(", ")[1]);
});
