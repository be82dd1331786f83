import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { createHotkey } from '@horde/identity';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { root } from '@horde/testing/horde';
import { Server } from './server.ts';

/** Makes all images and starts the real runner: some minutes, so that it runs with `./horde test --all`. */
const whole = process.env['WHOLE_INSTALL'] !== undefined;

const run = promisify(execFile);

describe.runIf(whole)('a fresh server without Docker, and a bundle of the real images', () => {
  let server: Server;
  let words: string[];

  beforeAll(async () => {
    server = await Server.start('bookworm', 'fresh');
    const bundle = path.join(server.folder, 'miner.bundle');
    await run('./horde', ['image', 'all'], { cwd: root, maxBuffer: 100_000_000 });
    await run('./horde', ['image', 'bundle', 'miner', bundle], { cwd: root });
    const wallet = path.join(server.folder, 'wallets/mine');
    mkdirSync(path.join(wallet, 'hotkeys'), { recursive: true });
    writeFileSync(path.join(wallet, 'coldkeypub.txt'), '{"ss58Address":"5F"}\n');
    await createHotkey(path.join(wallet, 'hotkeys/default'));
    const hotkey = path.join(wallet, 'hotkeys/default');
    words = ['production', 'server', hotkey, '8000', 'always_on.test', '--offline', bundle];
    // The chain of one machine, and no GPU; nothing outside tells this server its address.
    const lines = [
      'BITTENSOR_NETWORK=devnet',
      'DEBUG_NO_GPU_MODE=true',
      `BITTENSOR_MINER_ADDRESS=${server.address}`,
    ];
    await server.run(
      `mkdir ~/compute_horde_miner && printf '%s\\n' ${lines.join(' ')} >~/compute_horde_miner/.env`,
    );
  }, 1_500_000);
  afterAll(() => server?.remove());

  it('ends with a miner whose self-test passes', async () => {
    const { code, stdout, stderr } = await server.install('miner', words);
    expect(code, stderr).toBe(0);
    expect(stderr).toMatch(/^OK +job always_on\.test +Completed in/m);
    expect(stderr).toMatch(/ 0 FAIL$/m);
    expect(stdout).toMatch(/^Miner installed successfully$/m);
  }, 900_000);

  it('passes it again in a second run, which leaves all containers alone', async () => {
    const ids = await server.run('docker ps -q --no-trunc');
    const { code, stdout, stderr } = await server.install('miner', words);
    expect(code, stderr).toBe(0);
    expect(stderr).toMatch(/ 0 FAIL$/m);
    expect(stdout).toContain('Password: unchanged');
    expect(await server.run('docker ps -q --no-trunc')).toBe(ids);
  }, 600_000);
});
