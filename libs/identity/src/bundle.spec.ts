import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { rolldown } from 'rolldown';
import { expect, it } from 'vitest';

/** The WebAssembly code has to travel inside the file that every service is bundled into. */
it('signs and verifies out of one bundled file, away from its packages', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'horde-identity-bundle-'));
  try {
    const bundle = await rolldown({
      input: fileURLToPath(new URL('index.ts', import.meta.url)),
      platform: 'node',
      external: /^node:/,
    });
    const { output } = await bundle.write({
      file: path.join(folder, 'identity.mjs'),
      format: 'esm',
      codeSplitting: false,
    });
    await bundle.close();
    expect(output.map((part) => part.fileName)).toEqual(['identity.mjs']);

    await writeFile(
      path.join(folder, 'main.mjs'),
      `import { Keypair, verify } from './identity.mjs';
       const keypair = Keypair.fromSeed(new Uint8Array(32).fill(7));
       console.log(keypair.address, verify('text', keypair.sign('text'), keypair.address));`,
    );
    const { stdout } = await promisify(execFile)(process.execPath, ['main.mjs'], { cwd: folder });
    expect(stdout.trim()).toBe('5EsNLFaGe9XK5LzWH3i6eC2Wqv6YqZS1442N1C4yeSdP6uxy true');
  } finally {
    await rm(folder, { recursive: true });
  }
});
