import { execFile, spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

/** Bundlers and the test runner move this file; where it is started from stays. */
const root = process.cwd();

/** Services end themselves ten seconds after they were asked to. @unit ms */
const endLimit = 60_000;

/**
 * A service's bundle in a folder of its own, for what needs a process that can be killed or measured: the one that
 * ./horde has built, or one that is made afresh where a source has changed since.
 */
export class ServiceBundle {
  private constructor(
    private readonly service: string,
    readonly folder: string,
  ) {}

  static async build(service: 'facilitator' | 'validator' | 'miner'): Promise<ServiceBundle> {
    const folder = await mkdtemp(path.join(tmpdir(), `horde-${service}-`));
    const built = path.join(root, 'apps', service, 'dist');
    if (existsSync(path.join(built, 'main.mjs')) && (await isBuildFresh())) {
      await symlink(built, path.join(folder, 'dist'));
      return new ServiceBundle(service, folder);
    }
    for (const name of ['src', 'package.json'])
      await symlink(path.join(root, 'apps', service, name), path.join(folder, name));
    await promisify(execFile)(process.execPath, ['tools/bundle.ts', folder], { cwd: root });
    return new ServiceBundle(service, folder);
  }

  /** Starts it. @param args its own @param nodeArgs Node's */
  run(
    environment: Record<string, string>,
    args: readonly string[] = [],
    { nodeArgs = [], ...options }: { nodeArgs?: string[] } & Pick<SpawnOptions, 'cwd'> = {},
  ): ServiceProcess {
    const child = spawn(process.execPath, [...nodeArgs, path.join(this.folder, 'dist/main.mjs'), ...args], {
      ...options,
      env: {
        PATH: process.env['PATH'],
        NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'],
        ...environment,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return new ServiceProcess(this.service, child);
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** Whether nothing that goes into a bundle is newer than the last build: what ./horde asks, too (tools/prepare/workspace.sh). */
async function isBuildFresh(): Promise<boolean> {
  const stamp = 'node_modules/.horde-built';
  if (!existsSync(path.join(root, stamp))) return false;
  const sources = ['apps', 'libs', 'tools', 'package-lock.json', 'package.json', 'tsconfig.json', 'nx.json'];
  const skipped = ['(', '-name', 'dist', '-o', '-name', 'node_modules', ')', '-prune'];
  const newer = ['(', '-type', 'f', '-o', '-path', '*/src*', ')', '-newer', stamp, '-print', '-quit'];
  const { stdout } = await promisify(execFile)('find', [...sources, ...skipped, '-o', ...newer], {
    cwd: root,
  });
  return stdout === '';
}

/** A service in a process of its own. */
export class ServiceProcess {
  /** What it has written. */
  output = '';
  private readonly exit: Promise<unknown>;

  constructor(
    private readonly service: string,
    private readonly child: ChildProcess,
  ) {
    const hear = (text: Buffer) => (this.output += text.toString('utf8'));
    child.stdout!.on('data', hear);
    child.stderr!.on('data', hear);
    this.exit = once(child, 'close');
  }

  /** Resolves with the port when it listens. */
  async listening(): Promise<number> {
    const line = new RegExp(`"address":\\{[^}]*"port":(\\d+)\\}[^\\n]*${this.service} listens`);
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    const look = () => {
      const port = line.exec(this.output)?.[1];
      if (port) resolve(Number(port));
    };
    this.child.stdout!.on('data', look);
    look();
    void this.ended().then((code) =>
      reject(new Error(`The ${this.service} ended with ${code}:\n${this.output}`)),
    );
    try {
      return await promise;
    } finally {
      this.child.stdout!.off('data', look);
    }
  }

  /** What it has in memory, and the most that it had since it started or the last `memoryGrowth`. @unit bytes */
  async memory(): Promise<{ now: number; peak: number }> {
    const status = await readFile(`/proc/${this.child.pid}/status`, 'utf8');
    const of = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)![1]) * 1024;
    return { now: of('VmRSS'), peak: of('VmHWM') };
  }

  /** What `work` made it have in memory at most, beyond what it had before. @unit bytes */
  async memoryGrowth(work: () => Promise<void>): Promise<number> {
    const { now } = await this.memory();
    await writeFile(`/proc/${this.child.pid}/clear_refs`, '5'); // the peak is counted from here on
    await work();
    return (await this.memory()).peak - now;
  }

  /** How long it has used a processor. @unit ms */
  async processorTime(): Promise<number> {
    const stat = await readFile(`/proc/${this.child.pid}/stat`, 'utf8');
    const [user, system] = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .slice(11, 13);
    return (Number(user) + Number(system)) * 10;
  }

  /** Its exit code; null when a signal ended it. */
  async ended(): Promise<number | null> {
    await this.exit;
    return this.child.exitCode;
  }

  /**
   * Resolves with its exit code when it has ended, also of one that had.
   *
   * @throws Error with the end of what it has written, when it does not end for a minute; it is killed then
   */
  async kill(signal: NodeJS.Signals): Promise<number | null> {
    this.child.kill(signal);
    let isLate = false;
    const limit = setTimeout(() => (isLate = this.child.kill('SIGKILL')), endLimit);
    const code = await this.ended();
    clearTimeout(limit);
    if (isLate)
      throw new Error(`The ${this.service} did not end after ${signal}:\n${this.output.slice(-4_000)}`);
    return code;
  }
}
