import { existsSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { cpus, totalmem } from 'node:os';
import path from 'node:path';
import { httpVolume, type Job, type JobEvent } from '@horde/sdk';
import { openFaultProxy, type FaultProxy } from '@horde/testing/fault-proxy';
import { horde, lastJson, startHorde } from '@horde/testing/horde';
import type { OtlpReceiver } from '@horde/testing/otlp-receiver';
import pg from 'pg';
import { expect } from 'vitest';
import { clientOf } from '@horde/testing/client-of';
import { killAndRestart } from './kill-service.ts';
import { SlowSources } from './slow-sources.ts';

/** What `horde status` says. */
export interface Status {
  up: boolean;
  services: { name: string; url: string; running: boolean; pid: number }[];
}

/** Prints a line each tenth of a second, until its volume has the file `enough`, and then how many they were. */
const script =
  'i=0; until [ -e /volume/enough ]; do i=$((i+1)); echo "line $i"; sleep 0.1; done; echo "$i lines"';
const run = 'jobs run --profile local --time 300 horde/word-count -- sh -c';
const counting = [...run.split(' '), script];
const counted = (to: number) => Array.from({ length: to }, (_, index) => `line ${index + 1}\n`).join('');

/** A job, what was heard of it, and when that is all. */
interface WaitingJob {
  job: Job;
  events: JobEvent[];
  all: Promise<void>;
}

/** The network of `up` with one executor at a time, which reaches its miner by a way that can be cut. */
export class UsedNetwork {
  /** Waits while another job counts. */
  private waiting!: WaitingJob;

  private constructor(
    private readonly data: string,
    private readonly services: Status['services'],
    private readonly sources: SlowSources,
    private readonly wayToMiner: FaultProxy,
  ) {}

  static async open(data: string): Promise<UsedNetwork> {
    const { services } = lastJson(await horde(['status', '--json'], data)) as Status;
    const miner = services.find(({ name }) => name === 'miner')!;
    const way = await openFaultProxy(Number(new URL(miner.url).port));
    const network = new UsedNetwork(data, services, await SlowSources.open(), way);
    await network.restart('miner', {
      PORT_FOR_EXECUTORS: String(way.port),
      JOB_ALLOWED_REGISTRIES: `docker.io,${network.sources.host}`,
      PROCESS_EXECUTORS: '1',
      WARM_EXECUTORS: '0',
    });
    return network;
  }

  async close(): Promise<void> {
    this.wayToMiner.close();
    await this.sources.close();
  }

  /**
   * What a job prints arrives complete, in order and once, whatever on its way is killed or cut. Another one waits for its
   * executor meanwhile, and its user hears why.
   */
  async counts(): Promise<void> {
    const job = startHorde(counting, this.data);
    for (const [after, fault] of [
      [5, async () => this.wayToMiner.cut()],
      [10, () => this.restart('miner')],
      [20, () => this.restart('validator')],
      [30, () => this.restart('facilitator')],
      [40, async () => void (this.waiting = await this.waitingJob())],
    ] as const) {
      await job.line(new RegExp(`^line ${after}$`));
      await fault();
    }
    await writeFile(path.join(await this.volumeOfJob(), 'enough'), '');
    const { code, stdout, stderr } = await job.finished;
    const lines = Number(/^(\d+) lines$/m.exec(stdout)?.[1]);
    expect(stdout, stderr).toBe(`${counted(lines)}${lines} lines\n`);
    expect(code).toBe(0);
    expect(this.wayToMiner.opened).toBeGreaterThan(2);
  }

  private async volumeOfJob(): Promise<string> {
    const jobs = path.join(this.data, 'networks/up/jobs');
    const [folder] = await readdir(jobs);
    return path.join(jobs, folder!, 'volume');
  }

  /** Creates a job whose image and volume come slowly, and hears what it waits for while all executors are busy. */
  private async waitingJob(): Promise<WaitingJob> {
    const client = await clientOf(this.data);
    const job = await client.createJob({
      executorClass: 'always_on.test',
      jobNamespace: 'test',
      dockerImage: this.sources.imageName,
      // It goes on for a moment: of a job that has ended no progress is told any more.
      args: ['/busybox', 'sh', '-c', '/busybox sleep 3; /busybox wc -c /volume/slow/file'],
      inputVolumes: { '/volume/slow/file': httpVolume(this.sources.fileUrl) },
      downloadTimeLimit: 60,
      executionTimeLimit: 10,
      uploadTimeLimit: 10,
    });
    const events: JobEvent[] = [];
    const all = (async () => {
      for await (const event of job.events()) events.push(event);
    })();
    const waits = () => events.filter((event) => event.type === 'wait');
    await expect
      .poll(waits)
      .toContainEqual(
        expect.objectContaining({ waitsFor: expect.stringMatching(/busy/), since: expect.any(Date) }),
      );
    return { job, events, all };
  }

  /** The user of the job that has waited hears how far its image and its volume have come. */
  async tellsProgress(): Promise<void> {
    const { sources } = this;
    const { job, events, all } = this.waiting;
    for (const [stage, name, release] of [
      ['pull', sources.imageName, () => sources.releaseImage()],
      ['download', 'slow/file', () => sources.releaseFile()],
    ] as const) {
      const told = () =>
        events.flatMap((event) => (event.type === 'progress' && event.stage === stage ? [event] : []));
      await expect.poll(() => told().some(({ done, total }) => done > 0 && done < (total ?? 0))).toBe(true);
      release();
      await expect.poll(() => told().some(({ done, total }) => done === total)).toBe(true);
      expect(new Set(told().map((event) => event.name))).toEqual(new Set([name]));
    }
    await all;
    expect(job.result?.stdout).toBe(`${sources.file.length} /volume/slow/file\n`);
    expect(events.filter((event) => event.type === 'wait').at(-1)).toMatchObject({ waitsFor: null });
  }

  /** The miner's machine has arrived at the facilitator, as it is. */
  async describesMachine(): Promise<void> {
    const hardware = () => this.query<object>('select * from facilitator.hardware');
    await expect.poll(hardware).toEqual([
      expect.objectContaining({
        cpu_count: cpus().length,
        cpu_model: cpus()[0]!.model,
        total_ram: expect.closeTo(totalmem() / 2 ** 30, 1) as number,
        gpu_model: null,
        gpu_count: null,
      }),
    ]);
  }

  /** All services tell one collector of the job that has counted, in one trace, though each was killed meanwhile. */
  async isTraced(collector: OtlpReceiver): Promise<void> {
    const [job] = await this.query<{ uuid: string }>(
      `select uuid from facilitator.job where args::text like '%enough%' and status = 'completed'`,
    );
    const spans = () => collector.of(job!.uuid);
    const names = () => spans().map(({ service, name }) => `${service}: ${name}`);
    await expect
      .poll(() => [...new Set(names())].toSorted())
      .toEqual([
        'executor: execution',
        'executor: executor_startup',
        'executor: job at the executor',
        'executor: result_upload',
        'executor: volume_download',
        'facilitator: delivery to the validator',
        'facilitator: job',
        'miner: executor',
        'miner: executor start',
        'miner: job at the miner',
        'miner: reservation',
        'validator: attempt',
        'validator: job at the validator',
        'validator: routing',
      ]);
    const ids = new Set(spans().map(({ spanId }) => spanId));
    expect(ids.size).toBe(14);
    const loose = spans().filter(({ parentSpanId }) => parentSpanId === undefined || !ids.has(parentSpanId));
    expect(new Set(loose.map(({ name }) => name))).toEqual(new Set(['job']));
    expect(spans().every(({ status }) => status.code === 1)).toBe(true);
  }

  /** What tells a collector is loaded by a service where one is named, and nowhere else. */
  async loadsTracingWhereAsked(): Promise<void> {
    const file = path.join(this.data, 'loaded');
    const hook = `import { writeFileSync } from 'node:fs';
      import { registerHooks } from 'node:module';
      registerHooks({ resolve(name, context, next) {
        if (name.includes('otlp-collector')) writeFileSync(${JSON.stringify(file)}, name);
        return next(name, context);
      } });`;
    const NODE_OPTIONS = `--import=data:text/javascript,${encodeURIComponent(hook)}`;
    for (const endpoint of ['', 'http://127.0.0.1:9']) {
      await this.restart('miner', { NODE_OPTIONS, OTEL_EXPORTER_OTLP_ENDPOINT: endpoint });
      expect([endpoint, existsSync(file)]).toEqual([endpoint, endpoint !== '']);
    }
  }

  private async query<T>(sql: string): Promise<T[]> {
    const exports = await readFile(path.join(this.data, 'networks/up/env/facilitator'), 'utf8');
    const database = new pg.Client({ connectionString: /^export DATABASE_URL='(.*)'$/m.exec(exports)![1]! });
    await database.connect();
    try {
      return (await database.query(sql)).rows as T[];
    } finally {
      await database.end();
    }
  }

  /** A job whose executor is killed ends with what it had printed, once, and says why. */
  async losesExecutor(): Promise<void> {
    const job = startHorde(counting, this.data);
    await job.line(/^line 5$/);
    process.kill(await this.executor(), 'SIGKILL');
    const { code, stdout, stderr } = await job.finished;
    expect(stdout).toBe(counted(stdout.split('\n').length - 1));
    expect({ code, stderr }).toEqual({
      code: 125,
      stderr: expect.stringContaining('The executor left before the job ended') as string,
    });
  }

  private async executor(): Promise<number> {
    const sign = `MINER_ADDRESS=ws://127.0.0.1:${this.wayToMiner.port}\0`;
    for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name)))
      if ((await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '')).includes(sign)) return Number(pid);
    throw new Error('No executor runs.');
  }

  private async restart(name: string, changes: Record<string, string> = {}): Promise<void> {
    const service = this.services.find((one) => one.name === name)!;
    service.pid = await killAndRestart(service, changes);
  }
}
