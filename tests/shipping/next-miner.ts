import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { root } from '@horde/testing/horde';
import type { Difference } from './next-image.ts';

const run = promisify(execFile);

/** The code of this checkout with one migration more. @param name with a timestamp at its end */
export const withMigration = (name: string, statement: string): Difference => ({
  recipe: ['COPY app /app'],
  fill: async (context) => {
    // Below the checkout, where its packages are found.
    const folder = path.join(root, `dist/next-${randomBytes(4).toString('hex')}`);
    try {
      cpSync(path.join(root, 'apps/miner'), folder, {
        recursive: true,
        filter: (file) => !file.startsWith(path.join(root, 'apps/miner/dist')),
      });
      writeFileSync(
        path.join(folder, 'src/migrations/next.ts'),
        `export class ${name} {
  async up(runner) { await runner.query(${JSON.stringify(statement)}); }
  async down() {}
}\n`,
      );
      const options = path.join(folder, 'src/migrations/database-options.ts');
      const text = readFileSync(options, 'utf8').replace('migrations: [', `migrations: [${name},`);
      writeFileSync(options, `import { ${name} } from './next.ts';\n${text}`);
      const words = ['tools/bundle.ts', folder, path.join(context, 'app')];
      await run(process.execPath, words, { cwd: root, maxBuffer: 100_000_000 });
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
});

/** Its commands are those of the release before, and its service is another one. */
const withService = (start: string, files: Record<string, string> = {}): Difference => ({
  recipe: ['USER 0:0', 'COPY files /', 'RUN chmod 755 /usr/local/bin/miner', 'USER 1000:1000'],
  fill: (context) => {
    const all = {
      ...files,
      'usr/local/bin/miner': `#!/bin/sh\n[ $# = 0 ] || exec node /app/main.mjs "$@"\n${start}\n`,
    };
    for (const [name, text] of Object.entries(all)) {
      const file = path.join(context, 'files', name);
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, text);
    }
  },
});

/** Is there, and never ready. */
export const neverReady = withService(
  `exec node -e 'process.on("SIGTERM", () => process.exit()); setInterval(() => {}, 1e9)'`,
);

/** Gets ready, and ends some seconds later. */
export const crashing = withService('exec node --import /crash.mjs /app/main.mjs', {
  'crash.mjs': `const timer = setInterval(async () => {
  const { ok } = await fetch(\`http://127.0.0.1:\${process.env.BITTENSOR_MINER_PORT}/health/ready\`).catch(() => ({}));
  if (!ok) return;
  clearInterval(timer);
  setTimeout(() => process.exit(1), 7_000);
}, 200);\n`,
});
