/** Accepting jobs: from a validator's initial request to the miner's answer, beside the same transaction by bare pg. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { validatorPath, writeFrame } from '@horde/protocol';
import { connect, type Connection } from '@horde/transport';
import type { ScriptedValidator } from '@horde/testing/validator-miner/scripted-validator';
import { createTestDatabase } from '@horde/testing/database';
import { MinerProcess } from '../../../tests/load/miner-process.ts';
import type { Figure } from '../figure.ts';
import { BareAccept } from './bare-accept.ts';
import { median } from './median.ts';

const validators = 50;
/** Jobs of a round: each on its own, and with that many validators asking at the same time. */
const jobs = { alone: 50, together: 1_000 };
const rounds = 5;
/** How long the miner is left alone before a job that is to be on its own. @unit ms */
const pause = 50;

/** The connection of a validator that has one question open at a time. */
class Asker {
  private connection!: Connection;
  private answered = Promise.withResolvers<void>();

  static async connect(miner: MinerProcess): Promise<Asker> {
    const asker = new Asker(await miner.validator());
    asker.connection = await connect(miner.url + validatorPath(asker.validator.hotkey), {
      extensions: ['durable-1'],
      onOpening: (opening) =>
        opening.onText(
          async (text) => asker.hear(text),
          () => undefined,
        ),
    });
    await asker.connection.sendText(writeFrame(asker.validator.auth()));
    await asker.answered.promise;
    return asker;
  }

  private constructor(private readonly validator: ScriptedValidator) {}

  /** Frames of requests that are ready to be sent. */
  prepare(count: number): string[] {
    return Array.from({ length: count }, () => {
      const request = this.validator.signed(this.validator.initial({ job_uuid: randomUUID() }));
      return `["message","${request.job_uuid}",1]\n${writeFrame(request)}`;
    });
  }

  /** Sends the request; resolves when the job is accepted. */
  async ask(frame: string): Promise<void> {
    this.answered = Promise.withResolvers();
    await this.connection.sendText(frame);
    await this.answered.promise;
  }

  private hear(text: string): void {
    const [line] = text.split('\n', 1) as [string];
    if (line.startsWith('["message"')) void this.connection.sendText(line.replace('message', 'ack'));
    if (/"V0(AcceptJobRequest|ExecutorManifestRequest)"/.test(text)) this.answered.resolve();
    else if (/"(V0Decline|GenericError)/.test(text)) this.answered.reject(new Error(text));
  }
}

export async function acceptFigures(): Promise<Figure[]> {
  const databaseUrl = await createTestDatabase();
  // The executors never come: what is measured ends before.
  const miner = await MinerProcess.start({
    databaseUrl,
    executors: { 'always_on.test': 1_000_000 },
    environment: { DYNAMIC_EXECUTOR_STARTUP_TIME_LIMIT: '3600', MAX_JOB_REQUESTS_PER_MINUTE: '1000000' },
    hold: true,
  });
  const bare = await BareAccept.prepare(databaseUrl);
  try {
    const askers: Asker[] = [];
    for (let count = 0; count < validators; count++) askers.push(await Asker.connect(miner));
    const alone = { miner: [] as number[], bare: [] as number[] };
    const together = { miner: [] as number[], bare: [] as number[] };
    let busy = 0;
    for (let round = 0; round <= rounds; round++) {
      const busyBefore = await miner.process.processorTime();
      const figures = [
        await timeAlone(askers[0]!),
        await timeAlone({ prepare: () => [''], ask: () => bare.accept() }),
        await timeMiner(askers),
        await timeBare(bare),
      ] as const;
      if (round === 0) continue; // it warms up
      alone.miner.push(figures[0]);
      alone.bare.push(figures[1]);
      together.miner.push(figures[2]);
      together.bare.push(figures[3]);
      busy += (await miner.process.processorTime()) - busyBefore;
    }
    return [
      ratio('initial request to accept, 1 in flight', alone),
      ratio(`initial request to accept, ${validators} in flight`, together),
      {
        name: `accepted, ${validators} in flight`,
        value: 1_000 / median(together.miner),
        unit: '1/s',
        bar: 300,
        atLeast: true,
        note: `${(busy / rounds / (jobs.alone + jobs.together)).toFixed(2)} ms of the miner's processor time a job, its start in the background included`,
      },
    ];
  } finally {
    await bare.close();
    await miner.stop();
  }
}

/** @returns ms, the median of jobs that come one by one */
async function timeAlone(asker: Pick<Asker, 'prepare' | 'ask'>): Promise<number> {
  const took: number[] = [];
  for (let job = 0; job < jobs.alone; job++) {
    const [frame] = asker.prepare(1) as [string];
    await sleep(pause);
    const started = performance.now();
    await asker.ask(frame);
    took.push(performance.now() - started);
  }
  return median(took);
}

/** @returns ms per job */
async function timeMiner(askers: Asker[]): Promise<number> {
  const count = jobs.together;
  const frames = askers.map((asker) => asker.prepare(count / askers.length));
  const started = performance.now();
  await Promise.all(
    askers.map(async (asker, index) => {
      for (const frame of frames[index]!) await asker.ask(frame);
    }),
  );
  return (performance.now() - started) / count;
}

/** @returns ms per job */
async function timeBare(bare: BareAccept): Promise<number> {
  const count = jobs.together;
  const started = performance.now();
  let left = count;
  await Promise.all(
    Array.from({ length: validators }, async () => {
      while (left-- > 0) await bare.accept();
    }),
  );
  return (performance.now() - started) / count;
}

const ratio = (name: string, took: { miner: number[]; bare: number[] }): Figure => ({
  name,
  value: median(took.miner) / median(took.bare),
  unit: 'times',
  bar: 2,
  atLeast: false,
  note: `${median(took.miner).toFixed(2)} ms a job against ${median(took.bare).toFixed(2)} ms of bare pg with a verification and a signature, medians of ${rounds} rounds`,
});
