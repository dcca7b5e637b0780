/**
 * Every example of the wire has the type that `src/wire.gen.ts` promises. Types are gone at run time, so the compiler is asked:
 * each example becomes a constant of its type, and each of its fields in turn is renamed, which must be an error.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { examples, type Example } from "./golden";

const WEB = join(import.meta.dirname, "..");
const FOLDER = join(WEB, "node_modules", ".golden");

/** Direction -> the type of an example in it. */
const TYPES: Record<string, (example: Example) => string> = {
  from_browser: ({ name }) => `Extract<wire.BrowserMessage, { type: "${name}" }>`,
  commands: ({ name }) => `Extract<wire.SeatCommand, { type: "${name}" }>`,
  from_server: ({ name }) => `Extract<wire.ServerMessage, { type: "${name}" }>`,
  pages: ({ name }) => `wire.${name.replace(/(?:^|_)(\w)/g, (_, letter: string) => letter.toUpperCase())}`,
};

/** The value with one of its fields under another name, which no type knows. */
function renamed(value: Record<string, unknown>, field: string): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key === field ? `${key}_renamed` : key, inner]),
  );
}

function program(): string {
  const lines = [`import type * as wire from "../../src/wire.gen";`];
  for (const [direction, typeOf] of Object.entries(TYPES))
    for (const example of examples(direction)) {
      const type = typeOf(example);
      lines.push(`export const ${direction}_${example.name}: ${type} = ${JSON.stringify(example.value)};`);
      for (const field of Object.keys(example.value))
        lines.push(
          `// @ts-expect-error ${field} is renamed`,
          `export const ${direction}_${example.name}_without_${field}: ${type} = ${JSON.stringify(renamed(example.value, field))};`,
        );
    }
  return lines.join("\n");
}

/** How the compiler ends with this program, and what it says. */
function compiled(text: string): { status: number | null; stdout: string } {
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(join(FOLDER, "examples.ts"), text);
  writeFileSync(
    join(FOLDER, "tsconfig.json"),
    JSON.stringify({ extends: "../../tsconfig.json", compilerOptions: { types: [] }, include: ["examples.ts"] }),
  );
  const compiler = join(WEB, "node_modules", "@typescript", "native", "bin", "tsc");
  const { status, stdout } = spawnSync(process.execPath, [compiler, "-p", FOLDER, "--pretty", "false"], {
    encoding: "utf8",
  });
  return { status, stdout };
}

test("every example has its type, and a field that is missing or renamed is seen", () => {
  expect(examples("from_server").length + examples("from_browser").length).toBeGreaterThan(25);
  expect(compiled(program())).toEqual({ status: 0, stdout: "" });
});
