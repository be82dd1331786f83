import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { HordeClient } from '@horde/sdk';
import { clientOf } from '@horde/testing/client-of';
import { horde, lastJson, newDataFolder, removeDataFolder } from '@horde/testing/horde';
import pg from 'pg';
import type { Figure } from '../figure.ts';
import { processorTime, residentMemory } from './process-use.ts';
import { StatementLog } from './statement-log.ts';

/** What jobs have taken of the machine. */
interface Spent {
  figures(jobs: number, when: string): Figure[];
}

/** The network of `./horde up`, driven by its user through the SDK, which follows jobs by events. */
export class BenchNetwork {
  private constructor(
    private readonly data: string,
    readonly executors: number,
    private readonly client: HordeClient,
    /** By the service's name. */
    private readonly pids: Record<string, number>,
    private readonly database: pg.Client,
  ) {}

  static async start(executors: number): Promise<BenchNetwork> {
    const data = await newDataFolder();
    const up = await horde(['up', '--executors', String(executors)], data);
    if (up.code !== 0) throw new Error(up.stdout + up.stderr);
    const { services } = lastJson(await horde(['status', '--json'], data)) as {
      services: { name: string; pid: number }[];
    };
    const exports = await readFile(path.join(data, 'networks/up/env/facilitator'), 'utf8');
    const database = new pg.Client(/^export DATABASE_URL='(.*)'$/m.exec(exports)![1]!);
    await database.connect();
    const pids = Object.fromEntries(services.map(({ name, pid }) => [name, pid]));
    return new BenchNetwork(data, executors, await clientOf(data), pids, database);
  }

  async stop(): Promise<void> {
    await this.database.end();
    await horde(['down'], this.data);
    await removeDataFolder(this.data);
  }

  /** Runs a job that does nothing. @returns from its creation until its user knows that it has ended, ms */
  async run(image: string): Promise<number> {
    const began = performance.now();
    const job = await this.client.createJob({
      executorClass: 'always_on.test',
      jobNamespace: 'bench.1',
      dockerImage: image,
      args: ['true'],
      downloadTimeLimit: 60,
      executionTimeLimit: 60,
      uploadTimeLimit: 60,
    });
    await job.wait({ timeout: 300 });
    const took = performance.now() - began;
    if (job.status !== 'completed')
      throw new Error(`A job ended as ${job.status}: ${JSON.stringify(job.error)}`);
    return took;
  }

  /** Lists from now on what the services ask Postgres for. */
  statements(): Promise<StatementLog> {
    return StatementLog.start(this.database, path.join(this.data, 'networks/up/postgres/postgres.log'));
  }

  /** Counts from now on. @returns what has been spent until it is called */
  async spent(): Promise<() => Promise<Spent>> {
    const before = await this.counts();
    return async () => {
      const after = await this.counts();
      const taken = (name: keyof typeof before) => after[name] - before[name];
      return {
        figures: (jobs, when) => [
          perJob(`transactions a job that write, ${when}`, taken('writes') / jobs, ''),
          perJob(`transactions a job, ${when}`, taken('commits') / jobs, ''),
          perJob(`processor a job, ${when}: facilitator, validator, miner`, taken('services') / jobs, 'ms'),
          perJob(`processor a job, ${when}: the client`, taken('client') / jobs, 'ms'),
          perJob(`resident, ${when}: facilitator, validator, miner`, after.memory, 'MB'),
        ],
      };
    };
  }

  private async counts() {
    // Only what writes takes a number.
    const { rows } = await this.database.query<{ writes: string; commits: string }>(
      `select pg_stat_clear_snapshot(), pg_snapshot_xmax(pg_current_snapshot()) as writes, xact_commit as commits
       from pg_stat_database where datname = current_database()`,
    );
    const services = ['facilitator', 'validator', 'miner'].map((name) => this.pids[name]!);
    const { user, system } = process.cpuUsage();
    return {
      writes: Number(rows[0]!.writes),
      commits: Number(rows[0]!.commits),
      services: services.reduce((sum, pid) => sum + processorTime(pid), 0),
      client: (user + system) / 1_000,
      memory: services.reduce((sum, pid) => sum + residentMemory(pid), 0),
    };
  }
}

const perJob = (name: string, value: number, unit: string): Figure => ({
  name,
  value,
  unit,
  bar: null,
  atLeast: false,
});
