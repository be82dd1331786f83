import { globSync, readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { defineConfig } from 'vitest/config';
import { NetworksSpread } from './tools/networks-spread.ts';

const include = ['{apps,libs,tools}/**/*.spec.ts', 'tests/**/*.spec.ts'];
const exclude = ['**/node_modules/**', '**/dist/**'];

/** Specs that replace a module, or have timers of their own, which a module has to be loaded with; a clock of their own is no timer. */
const alone = globSync(include, { cwd: import.meta.dirname, exclude }).filter((file) =>
  /vi\.mock\(|useFakeTimers\((?!\{ toFake: \['(Date|performance)'\])/.test(
    readFileSync(path.join(import.meta.dirname, file), 'utf8'),
  ),
);

export default defineConfig({
  test: {
    setupFiles: ['libs/testing/src/setup.ts'],
    globalSetup: ['libs/testing/src/postgres.ts'],
    // Where the one that runs the specs was typed is no matter of theirs.
    env: { HORDE_SELF: '' },
    projects: [
      // A worker loads what specs import once, and not again for each file.
      {
        extends: true,
        test: { name: 'shared', isolate: false, include, exclude: [...exclude, ...alone] },
      },
      { extends: true, test: { name: 'alone', include: alone, exclude } },
    ],
    sequence: { sequencer: NetworksSpread },
    // Many specs wait for something else than the processor; more at once would keep those from their deadlines that load it.
    maxWorkers: os.availableParallelism() + 2,
    // Nothing is measured by it: a machine that does much else at the same time is to come through.
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // As with the others: who waits for an event waits until the test itself is over, not for vitest's one second.
    expect: { poll: { timeout: 50_000 } },
  },
});
