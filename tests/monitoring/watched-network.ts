import { mkdtempSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '@horde/testing/free-port';
import { horde, lastJson, newDataFolder, removeDataFolder } from '@horde/testing/horde';
import { startPrometheus, type RunningPrometheus } from '@horde/testing/prometheus';
import pg from 'pg';
import { expect, vi } from 'vitest';
import { stringify } from 'yaml';
import { clientOf } from '@horde/testing/client-of';
import { killService, type Restart } from '../e2e/kill-service.ts';
import type { Status } from '../e2e/used-network.ts';
import { shippedRules } from './conditions.ts';

const watched = ['facilitator', 'validator', 'miner'];
/** How long an alert may take to fire or to end. @unit ms */
const patience = 120_000;

/** The network of `./horde up`, and a Prometheus that reads its services and has the shipped rules with other waits. */
export class WatchedNetwork {
  private constructor(
    readonly data: string,
    private readonly services: Status['services'],
    private readonly databaseUrl: string,
    private readonly prometheus: RunningPrometheus,
    /** @unit ms since 1970 */
    private readonly startedAt: number,
  ) {}

  /** @param limits instead of those that ship, by the alert's name */
  static async start(limits: Record<string, number>): Promise<WatchedNetwork> {
    const data = await newDataFolder();
    const started = await horde(['up', '--miner-port', String(await freePort())], data);
    expect(started, started.stdout + started.stderr).toMatchObject({ code: 0 });
    const { services } = lastJson(await horde(['status', '--json'], data)) as Status;
    const exports = await readFile(path.join(data, 'networks/up/env/facilitator'), 'utf8');
    const exported = (name: string) => new RegExp(`^export ${name}='(.*)'$`, 'm').exec(exports)![1]!;
    const jobs = services.filter(({ name }) => watched.includes(name));
    const prometheus = await startPrometheus({
      'alerts.yml': stringify(sooner(limits)),
      'prometheus.yml': stringify({
        global: { scrape_interval: '3s', scrape_timeout: '3s', evaluation_interval: '1s' },
        rule_files: ['alerts.yml'],
        scrape_configs: jobs.flatMap(({ name, url }) =>
          ['', '-business'].map((page) => ({
            job_name: `${name}${page}`,
            metrics_path: page === '' ? '/metrics' : '/business-metrics',
            authorization: { credentials: exported('METRICS_TOKEN') },
            static_configs: [{ targets: [new URL(url).host] }],
          })),
        ),
      }),
    });
    // What changes before it was seen has not changed for Prometheus.
    const seen = async () => expect(await prometheus.query('up == 1')).toHaveLength(2 * jobs.length);
    await vi.waitFor(seen, { timeout: patience, interval: 500 });
    return new WatchedNetwork(data, services, exported('DATABASE_URL'), prometheus, Date.now());
  }

  async stop(): Promise<void> {
    await this.prometheus.stop();
    await horde(['down'], this.data);
    await removeDataFolder(this.data);
  }

  /** Those of these alerts that fire now. */
  private async firing(names: string[]): Promise<string[]> {
    const firing = await this.prometheus.firing();
    return names.filter((name) => firing.includes(name));
  }

  /** @param again what is done before each look */
  async fires(names: string[], again: () => Promise<void> = async () => undefined): Promise<void> {
    const look = async () => {
      await again();
      return this.firing(names);
    };
    await expect.poll(look, { timeout: patience, interval: 500 }).toEqual(names);
  }

  async ends(names: string[]): Promise<void> {
    await expect.poll(() => this.firing(names), { timeout: patience, interval: 500 }).toEqual([]);
  }

  /** Those of these queries that have had no series since the network was started. */
  async withoutSeries(queries: string[]): Promise<string[]> {
    // Shorter steps than those of the scrapes: some series were there for one of them.
    const range = { from: this.startedAt, step: 1 };
    const had = await Promise.all(queries.map((query) => this.prometheus.queryRange(query, range)));
    return queries.filter((_, index) => had[index]!.length === 0);
  }

  /** Waits until a query has series. */
  async has(query: string): Promise<void> {
    await expect
      .poll(async () => (await this.prometheus.query(query)).length, { message: query, timeout: patience })
      .toBeGreaterThan(0);
  }

  /** Types one of the commands that alerts name. @returns what it says */
  async type(...words: string[]): Promise<string> {
    const { code, stdout, stderr } = await horde(words, this.data);
    expect({ words, code }, stdout + stderr).toEqual({ words, code: 0 });
    return stdout;
  }

  /** Ends the job that runs, which waits for a file in its volume. */
  async endJob(): Promise<void> {
    const jobs = path.join(this.data, 'networks/up/jobs');
    const [folder] = await readdir(jobs);
    await writeFile(path.join(jobs, folder!, 'volume/enough'), '');
  }

  /** Stops a service's process where it is, without a word, until the answer is called. */
  hang(name: string): () => void {
    const { pid } = this.service(name);
    process.kill(pid, 'SIGSTOP');
    return () => void process.kill(pid, 'SIGCONT');
  }

  /** @returns starts it again */
  async kill(name: string): Promise<Restart> {
    const service = this.service(name);
    const start = await killService(service);
    return async (changes) => (service.pid = await start(changes));
  }

  async restart(name: string, changes: Record<string, string> = {}): Promise<void> {
    await (
      await this.kill(name)
    )(changes);
  }

  /** Has what a service does again and again be done last so long ago, unless it is longer. @param work as its metric says */
  async lastDone(service: string, work: string, seconds: number): Promise<void> {
    await this.query(
      `update ${service}.last_done set at = least(at, now() - make_interval(secs => $2)) where work = $1`,
      work,
      seconds,
    );
  }

  /** Has the newest block that the validator knows be so old, unless it is older. */
  async newestBlock(seconds: number): Promise<void> {
    await this.query(
      `update validator.allowance_block set at = least(at, now() - make_interval(secs => $1))
       where number = (select max(number) from validator.allowance_block)`,
      seconds,
    );
  }

  /** Creates jobs of a class that no miner has. */
  async createVainJobs(count: number): Promise<void> {
    const client = await clientOf(this.data);
    const job = { executorClass: 'always_on.llm.a6000', jobNamespace: 'test', dockerImage: 'a/b' } as const;
    const limits = { downloadTimeLimit: 1, executionTimeLimit: 1, uploadTimeLimit: 1 };
    for (let at = 0; at < count; at++) await client.createJob({ ...job, ...limits });
  }

  /** Has all jobs that there are be an hour old. */
  async ageJobs(): Promise<void> {
    await this.query(`update facilitator.job set created_at = created_at - interval '1 hour'`);
    await this.query(`update validator.job set ended_at = ended_at - interval '1 hour'`);
  }

  /** Has what a service has seen last for an hour already. Resolves once it has seen it. */
  async hasLasted(service: string, alert: string): Promise<void> {
    const age = `update ${service}.alert set since = since - interval '1 hour' where name = $1`;
    await expect.poll(() => this.query(age, alert), { timeout: patience, interval: 500 }).toBe(1);
  }

  /** @returns how many rows it was about */
  private async query(sql: string, ...values: unknown[]): Promise<number> {
    const client = new pg.Client({ connectionString: this.databaseUrl });
    await client.connect();
    const { rowCount } = await client.query(sql, values).finally(() => client.end());
    return rowCount ?? 0;
  }

  /** Takes all connections of the database, also those that the services had. @returns gives them back */
  async fillDatabase(): Promise<() => Promise<void>> {
    const taken: pg.Client[] = [];
    const take = async () => {
      const client = new pg.Client({ connectionString: this.databaseUrl });
      client.on('error', () => undefined);
      try {
        await client.connect();
        taken.push(client);
        return true;
      } catch (error) {
        // 53300: there are too many.
        if ((error as { code?: string }).code !== '53300') throw error;
        return false;
      }
    };
    while (await take());
    const over = new AbortController();
    const own = `horde-test-${process.pid}`;
    for (const client of taken) await client.query(`set application_name = '${own}'`);
    const keeping = (async () => {
      while (!over.signal.aborted) {
        await taken[0]!.query(
          `select pg_terminate_backend(pid) from pg_stat_activity
           where backend_type = 'client backend' and application_name <> $1`,
          [own],
        );
        while (!over.signal.aborted && (await take()))
          await taken.at(-1)!.query(`set application_name = '${own}'`);
        await sleep(200);
      }
    })();
    return async () => {
      over.abort();
      await keeping;
      await Promise.all(taken.map((client) => client.end()));
    };
  }

  private service(name: string): Status['services'][number] {
    return this.services.find((one) => one.name === name)!;
  }
}

export const temporaryFolder = (): string => mkdtempSync(path.join(tmpdir(), 'horde-watched-'));

/** The shipped rules with these limits, and a second in the place of each wait. */
function sooner(limits: Record<string, number>) {
  const rules = shippedRules();
  for (const rule of rules.groups.flatMap((group) => group.rules)) {
    rule.for = '1s';
    const limit = limits[rule.alert];
    if (limit !== undefined) rule.expr = rule.expr.replace(/[\d.]+$/, String(limit)).replace('[30m]', '[2m]');
  }
  return rules;
}
