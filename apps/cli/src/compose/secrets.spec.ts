import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { makeSecrets } from './secrets.ts';

async function filesIn(folder: string): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const file = path.join(entry.parentPath, entry.name);
    if (entry.isFile()) files[path.relative(folder, file)] = await readFile(file, 'utf8');
    const { mode } = await stat(file);
    expect(mode & 0o077, file).toBe(0);
  }
  return files;
}

// Only root may give files to others.
it.runIf(process.getuid?.() === 0)(
  'secrets of the compose network are closed to others, each service has its own, and a second start keeps them all',
  async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'horde-secrets-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    await makeSecrets(folder);
    const made = await filesIn(folder);
    const env = (service: string) => made[`${service}/env`]!;
    const password = (service: string) => made[`${service}/password`]!.trim();
    expect(env('miner')).toContain(`DATABASE_URL=postgres://miner:${password('miner')}@postgres:5432/miner`);
    expect(made['postgres/roles.sql']).toContain(`CREATE ROLE miner LOGIN PASSWORD '${password('miner')}';`);
    expect(new Set(['facilitator', 'validator', 'miner', 'devnet', 'postgres'].map(password)).size).toBe(5);
    for (const other of ['facilitator', 'validator', 'devnet'])
      expect(env(other)).not.toContain(password('miner'));
    const { neurons, identities } = JSON.parse(made['devnet/subnet.json']!);
    expect(Object.keys(neurons)).toHaveLength(2);
    expect(env('validator')).toContain(`PYLON_IDENTITY_TOKEN=${identities.validator.token}`);
    expect((await stat(path.join(folder, 'facilitator/env'))).uid).toBe(1000);
    expect((await stat(path.join(folder, 'postgres/password'))).uid).toBe(999);

    await makeSecrets(folder);
    expect(await filesIn(folder)).toEqual(made);
  },
);
