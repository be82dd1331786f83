import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { createHotkey } from '@horde/identity';
import { root } from '@horde/testing/horde';
import type { Server } from './server.ts';

const run = promisify(execFile);

/** Bundles of the real images, which are made for it: some minutes. */
export class RealBundles {
  private constructor(private readonly folder: string) {}

  static async make(): Promise<RealBundles> {
    const bundles = new RealBundles(mkdtempSync(path.join(tmpdir(), 'horde-bundles-')));
    await run('./horde', ['image', 'all'], { cwd: root, maxBuffer: 100_000_000 });
    for (const role of ['miner', 'validator'])
      await run('./horde', ['image', 'bundle', role, bundles.of(role)], { cwd: root });
    return bundles;
  }

  /** The file of a role's. */
  of(role: string): string {
    return path.join(this.folder, `${role}.bundle`);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }
}

/** @returns the hotkey's file on the operator's machine, which a real service can sign with */
export async function writeRealWallet(server: Server): Promise<string> {
  const wallet = path.join(server.folder, 'wallets/mine');
  mkdirSync(path.join(wallet, 'hotkeys'), { recursive: true });
  writeFileSync(path.join(wallet, 'coldkeypub.txt'), '{"ss58Address":"5F"}\n');
  const hotkey = path.join(wallet, 'hotkeys/default');
  await createHotkey(hotkey);
  return hotkey;
}

/** Lines that are there before the first install: the chain of one machine, and what nothing outside tells this server. */
export async function writeOwnLines(server: Server, role: string, lines: string[]): Promise<void> {
  const folder = `~/compute_horde_${role}`;
  await server.run(
    `mkdir ${folder} && printf '%s\\n' BITTENSOR_NETWORK=devnet ${lines.join(' ')} >${folder}/.env`,
  );
}
