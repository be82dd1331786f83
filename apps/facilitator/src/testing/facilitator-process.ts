import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';

/** Bundlers and the test runner move this file; where it is started from stays. */
const root = process.cwd();

/** The facilitator's real bundle in a process of its own, whose memory can be looked at. */
export class FacilitatorProcess {
  /** `http://127.0.0.1:PORT` */
  url = '';
  private output = '';

  private constructor(
    private readonly folder: string,
    private readonly child: ChildProcess,
    private readonly database: pg.Client,
  ) {}

  static async start(
    databaseUrl: string,
    environment: Record<string, string> = {},
  ): Promise<FacilitatorProcess> {
    const folder = await mkdtemp(path.join(tmpdir(), 'facilitator-bundle-'));
    for (const name of ['src', 'package.json'])
      await symlink(path.join(root, 'apps/facilitator', name), path.join(folder, name));
    await promisify(execFile)(process.execPath, ['tools/bundle.ts', folder], { cwd: root });
    const child = spawn(process.execPath, [path.join(folder, 'dist/main.mjs')], {
      env: {
        PATH: process.env['PATH'],
        DATABASE_URL: databaseUrl,
        HOST: '127.0.0.1',
        PORT: '0',
        SECRET_KEY: 'secret',
        BITTENSOR_NETUID: '1',
        PYLON_ADDRESS: 'http://127.0.0.1:1',
        ...environment,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const database = new pg.Client({
      connectionString: databaseUrl,
      options: '-c search_path=facilitator',
    });
    const facilitator = new FacilitatorProcess(folder, child, database);
    try {
      await facilitator.listening();
      await database.connect();
      return facilitator;
    } catch (error) {
      await facilitator.stop();
      throw error;
    }
  }

  async query<T = Record<string, unknown>>(sql: string, ...values: unknown[]): Promise<T[]> {
    return (await this.database.query(sql, values)).rows as T[];
  }

  /** What `work` made the process have in memory at most, beyond what it had before. @unit bytes */
  async memoryGrowth(work: () => Promise<void>): Promise<number> {
    const before = await this.memory('VmRSS');
    await writeFile(`/proc/${this.child.pid}/clear_refs`, '5'); // the peak is counted from here on
    await work();
    return (await this.memory('VmHWM')) - before;
  }

  /** All that it has logged. */
  get log(): string {
    return this.output;
  }

  async stop(): Promise<void> {
    if (this.child.exitCode === null) {
      const ended = once(this.child, 'close');
      this.child.kill('SIGTERM');
      await ended;
    }
    await this.database.end();
    await rm(this.folder, { recursive: true, force: true });
  }

  private async memory(kind: 'VmRSS' | 'VmHWM'): Promise<number> {
    const status = await readFile(`/proc/${this.child.pid}/status`, 'utf8');
    return Number(new RegExp(`^${kind}:\\s+(\\d+) kB`, 'm').exec(status)![1]) * 1024;
  }

  private async listening(): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const collect = (text: Buffer) => {
      this.output += text.toString('utf8');
      const port = /"address":\{[^}]*"port":(\d+)\}[^\n]*facilitator listens/.exec(this.output)?.[1];
      if (!port || this.url) return;
      this.url = `http://127.0.0.1:${port}`;
      resolve();
    };
    this.child.stdout!.on('data', collect);
    this.child.stderr!.on('data', collect);
    this.child.once('close', (code) =>
      reject(new Error(`The facilitator ended with ${code}:\n${this.output}`)),
    );
    await promise;
  }
}
