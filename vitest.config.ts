import os from 'node:os';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['{apps,libs,tools}/**/*.spec.ts', 'tests/**/*.spec.ts'],
    exclude: ['**/node_modules/**', '**/dist/**'],
    setupFiles: ['libs/testing/src/setup.ts'],
    globalSetup: ['libs/testing/src/postgres.ts'],
    // Most specs wait for something else than the processor; on two cores vitest would run one file at a time.
    maxWorkers: Math.max(2, os.availableParallelism() - 1),
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // As with the others: who waits for an event waits until the test itself is over, not for vitest's one second.
    expect: { poll: { timeout: 25_000 } },
  },
});
