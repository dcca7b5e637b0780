/**
 * What the linter holds the front end to. tsc is TypeScript 7, which has no JavaScript API yet; typescript-eslint needs one
 * and asks for the package `typescript`. So package.json does what TypeScript's announcement of 7.0 recommends: `typescript`
 * is Microsoft's own package of TypeScript 6 and serves the linter alone, `@typescript/native` is TypeScript 7 and checks the
 * types. Once typescript-eslint reads TypeScript 7 there is one again.
 */
import js from "@eslint/js";
import { defineConfig, globalIgnores } from "eslint/config";
import lit from "eslint-plugin-lit";
import a11y from "eslint-plugin-lit-a11y";
import typescript from "typescript-eslint";

const stores = ["sessionStorage", "localStorage"].map((name) => ({
  name,
  message: "The browser may refuse it: take inThisTab or forGood of src/storage.ts.",
}));

export default defineConfig(
  globalIgnores(["dist", "src/wire.gen.ts"]),
  { linterOptions: { reportUnusedDisableDirectives: "error" } },
  js.configs.recommended,
  {
    files: ["**/*.ts"],
    extends: [typescript.configs.strictTypeChecked, lit.configs["flat/recommended"], a11y.configs.recommended],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      // `() => this.changed()` is how listeners are written here: what it hands back is nobody's concern.
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      // A record with a closed list of keys loses one: it needs no Map for that.
      "@typescript-eslint/no-dynamic-delete": "off",
      "no-restricted-globals": ["error", ...stores],
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_" }],
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
    },
  },
  { files: ["src/storage.ts", "tests/**"], rules: { "no-restricted-globals": "off" } },
);
