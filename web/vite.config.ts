/**
 * One bundle per page. Every file in src/entries (script or stylesheet) becomes an entry; dist/manifest.json tells the
 * templates which hashed files it turned into. Nothing is inlined and nothing is loaded from elsewhere, so that the pages
 * live under a content security policy without exceptions.
 */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { defineConfig } from "vite";

const folder = join(import.meta.dirname, "src", "entries");
const entries = existsSync(folder) ? readdirSync(folder).filter((name) => /\.(ts|css)$/.test(name)) : [];

export default defineConfig({
  base: "./", // the server may mount dist anywhere
  publicDir: false,
  build: {
    outDir: "dist",
    emptyOutDir: true,
    manifest: "manifest.json",
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: { input: entries.map((name) => join(folder, name)) },
  },
});
