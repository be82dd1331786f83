import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const repository = path.resolve(import.meta.dirname, '../../../..');

/** The validator's bundle, for specs that need a process of its own: one that can be killed. */
export class ValidatorBundle {
  private constructor(private readonly folder: string) {}

  static async build(): Promise<ValidatorBundle> {
    const folder = await mkdtemp(path.join(tmpdir(), 'validator-bundle-'));
    for (const name of ['src', 'package.json'])
      await symlink(path.join(repository, 'apps/validator', name), path.join(folder, name));
    await promisify(execFile)(process.execPath, ['tools/bundle.ts', folder], { cwd: repository });
    return new ValidatorBundle(folder);
  }

  run(environment: Record<string, string>, ...args: string[]): ValidatorProcess {
    const child = spawn(process.execPath, [path.join(this.folder, 'dist/main.mjs'), ...args], {
      env: { PATH: process.env['PATH'], ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return new ValidatorProcess(child);
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}

export class ValidatorProcess {
  output = '';
  private readonly exit: Promise<unknown>;

  constructor(private readonly child: ChildProcess) {
    const hear = (text: Buffer) => (this.output += text.toString('utf8'));
    child.stdout!.on('data', hear);
    child.stderr!.on('data', hear);
    this.exit = once(child, 'close');
  }

  /** What it has in memory, and the most that it ever had. @unit bytes */
  memory(): { now: number; peak: number } {
    const status = readFileSync(`/proc/${this.child.pid}/status`, 'utf8');
    const of = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)![1]) * 1024;
    return { now: of('VmRSS'), peak: of('VmHWM') };
  }

  /** Its exit code; null when a signal ended it. */
  async ended(): Promise<number | null> {
    await this.exit;
    return this.child.exitCode;
  }

  async kill(signal: NodeJS.Signals): Promise<number | null> {
    this.child.kill(signal);
    return this.ended();
  }
}
