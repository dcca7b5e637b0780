/** The examples of the wire that Python reads, too: `tests/wire/golden` beside this folder. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { ViewMessage } from "../src/wire.gen";

const FOLDER = join(import.meta.dirname, "..", "..", "tests", "wire", "golden");

export interface Example {
  name: string;
  value: Record<string, unknown>;
}

/** All examples of one direction, by the name of their files. */
export function examples(direction: string): Example[] {
  return readdirSync(join(FOLDER, direction)).map((file) => ({
    name: file.replace(/\.json$/, ""),
    value: JSON.parse(readFileSync(join(FOLDER, direction, file), "utf8")) as Record<string, unknown>,
  }));
}

/** A view in which everything is said. */
export function goldenView(): ViewMessage {
  const found = examples("from_server").find(({ name }) => name === "view");
  if (!found) throw new Error("there is no example of a view");
  return found.value as unknown as ViewMessage;
}
