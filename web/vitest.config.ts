/** The tests of what has logic. A DOM without a browser; what needs a real one is in `tests/browser` beside this folder. */
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["tests/**/*.test.ts"],
    environment: "happy-dom",
    pool: "vmThreads", // makes the DOM once for each thread, not for each file: a second instead of three
    expect: { requireAssertions: true },
    restoreMocks: true,
    unstubGlobals: true,
  },
});
