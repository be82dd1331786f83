import { spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';
import type { Finished } from '@horde/testing/horde';

/** A machine to type at, without a server: its `ssh` only notes that it was started. */
export class Operator {
  readonly folder = mkdtempSync(path.join(tmpdir(), 'horde-operator-'));
  readonly hotkey: string;

  constructor() {
    onTestFinished(() => rmSync(this.folder, { recursive: true }));
    mkdirSync(path.join(this.folder, 'bin'));
    for (const program of ['ssh', 'curl'])
      writeFileSync(
        path.join(this.folder, 'bin', program),
        `#!/bin/sh\n: >${this.folder}/started\nexit 255\n`,
        {
          mode: 0o755,
        },
      );
    this.hotkey = writeWallet(path.join(this.folder, 'wallets/mine'), 'default');
  }

  /** Whether anything was begun: until then all was only looked at. */
  get hasBegun(): boolean {
    return existsSync(path.join(this.folder, 'started'));
  }

  /** Gives a script to `bash -s - WORDS`: from a file, which bash does not read byte by byte. */
  async pipe(script: string, words: string[], environment: NodeJS.ProcessEnv = {}): Promise<Finished> {
    const file = path.join(this.folder, 'script');
    writeFileSync(file, script);
    const stdin = openSync(file, 'r');
    const child = spawn('bash', ['-s', '-', ...words], {
      cwd: this.folder,
      env: { PATH: `${this.folder}/bin:${process.env['PATH']}`, HOME: this.folder, ...environment },
      stdio: [stdin, 'pipe', 'pipe'],
    });
    closeSync(stdin);
    const closed = new Promise<number | null>((resolve) => child.once('close', resolve));
    const [stdout, stderr, code] = await Promise.all([text(child.stdout!), text(child.stderr!), closed]);
    return { code, stdout, stderr };
  }
}

/** @returns the hotkey's file */
export function writeWallet(folder: string, hotkey: string): string {
  mkdirSync(path.join(folder, 'hotkeys'), { recursive: true });
  writeFileSync(path.join(folder, 'coldkeypub.txt'), '{"ss58Address":"5F"}\n');
  const file = path.join(folder, 'hotkeys', hotkey);
  writeFileSync(file, '{"secretSeed":"0x5eed"}\n', { mode: 0o600 });
  return file;
}
