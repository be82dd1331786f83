import os from 'node:os';
import { defineConfig } from 'vitest/config';
import { NetworksFirst } from './tools/networks-first.ts';

export default defineConfig({
  test: {
    include: ['{apps,libs,tools}/**/*.spec.ts', 'tests/**/*.spec.ts'],
    exclude: ['**/node_modules/**', '**/dist/**'],
    setupFiles: ['libs/testing/src/setup.ts'],
    globalSetup: ['libs/testing/src/postgres.ts'],
    // A worker loads what specs import once, and not again for each file: none replaces a module.
    isolate: false,
    sequence: { sequencer: NetworksFirst },
    // Many specs wait for something else than the processor; more at once would keep those from their deadlines that load it.
    maxWorkers: os.availableParallelism() + 1,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // As with the others: who waits for an event waits until the test itself is over, not for vitest's one second.
    expect: { poll: { timeout: 25_000 } },
  },
});
