import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../..', import.meta.url));
const index = fileURLToPath(new URL('index.ts', import.meta.url));

/** The WebAssembly code and the verifier's threads have to travel inside the file that every service is bundled into. */
it('signs and verifies out of one bundled file, away from its packages, on this thread and on others', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'horde-identity-bundle-'));
  try {
    await mkdir(path.join(folder, 'app/src'), { recursive: true });
    await writeFile(path.join(folder, 'app/package.json'), '{}');
    await writeFile(
      path.join(folder, 'app/src/main.ts'),
      `import { Keypair, verify, VerifierPool } from ${JSON.stringify(index)};
       const keypair: Keypair = Keypair.fromSeed(new Uint8Array(32).fill(7));
       const hotkey = keypair.address;
       const signature = keypair.sign('text');
       const pool = new VerifierPool({ size: 2 });
       const items = ['text', 'other', 'text'].map((data) => ({ data, signature, hotkey }));
       console.log(hotkey, verify('text', signature, hotkey), await pool.verifyAll(items));`,
    );
    const out = path.join(folder, 'out');
    await run(process.execPath, ['tools/bundle.ts', path.join(folder, 'app'), out], { cwd: root });
    expect((await readdir(out)).sort()).toEqual(['main.mjs', 'main.mjs.map']);
    await rm(path.join(folder, 'app'), { recursive: true });

    const { stdout } = await run(process.execPath, ['main.mjs'], { cwd: out });
    expect(stdout.trim()).toBe('5EsNLFaGe9XK5LzWH3i6eC2Wqv6YqZS1442N1C4yeSdP6uxy true [ true, false, true ]');
  } finally {
    await rm(folder, { recursive: true });
  }
});
