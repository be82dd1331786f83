import { randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Keypair } from '@horde/identity';
import {
  AcceptJob,
  DeclineJob,
  ExecutorReady,
  JobFailed,
  JobFinished,
  make,
  VolumesReady,
} from '@horde/protocol';
import { pageAt } from '@horde/receipts';
import type { Connection } from '@horde/transport';
import { PageServer } from '@horde/testing/page-server';
import { finished, pageLine, started, type Signer } from '@horde/testing/receipts';
import { send } from '@horde/testing/validator-miner/miner-script';
import { ScriptedMiner } from '@horde/testing/validator-miner/scripted-miner';
import type { Chain } from './chain.ts';
import { executorClass, host, receiptsFolder } from './environment.ts';
import type { Looked } from './history.ts';
import type { Postgres } from './postgres.ts';

/** How long it may take until the validator knows of a new miner: it asks the chain every 30 s. @unit ms */
const knownWithin = 45_000;
/** What each receipt that it makes up is said to be worth: no other is worth as much. */
export const madeUp = '999999.000000';
/** Blocks that a validator has given allowance in. */
const blocks = Array.from({ length: 60 }, (_, at) => at + 20);

/** The network, as far as a miner has to do with it. */
interface Surroundings {
  folder: string;
  postgres: Postgres;
  chain: Chain;
  keys: { validator: { address: string } };
}

/** A miner that tells of jobs what is not so, and shows receipts that it has no right to. It speaks plain v0. */
export class Liar {
  private readonly keypair = Keypair.generate();
  private readonly pages = new PageServer();
  private readonly miner = new ScriptedMiner(this.keypair, host, this.pages.respond);
  private network: Surroundings | null = null;
  /** How many lies it has told. */
  private told = 0;
  private jobs = 0;

  get hotkey(): string {
    return this.keypair.address;
  }

  /** Takes part in the network and lies, until it is silenced. Resolves when the validator knows of it. */
  async lie(network: Surroundings): Promise<void> {
    this.miner.manifest = [[executorClass, 1]];
    this.miner.script = {
      onInitial: ({ job_uuid }, connection) => this.answer(job_uuid, connection),
      onJob: ({ job_uuid }, connection) => this.end(job_uuid, connection),
    };
    if (!this.network) await this.miner.start();
    this.network = network;
    await network.chain.put(`neurons/${this.hotkey}`, {
      stake: 0,
      validator_permit: false,
      axon: { ip: host, port: this.miner.port },
    });
    await this.show();
    const known = () =>
      network.postgres.query('select from validator.miner where hotkey = $1', this.hotkey).catch(() => []);
    const until = performance.now() + knownWithin;
    while ((await known()).length === 0 && performance.now() < until) await sleep(500);
  }

  /** Leaves the network. What it is asked until everybody knows that, it declines. */
  async silence({ chain }: Surroundings): Promise<void> {
    this.miner.manifest = [];
    this.miner.script = {
      onInitial: ({ job_uuid }, connection) =>
        send(connection, make(DeclineJob, { job_uuid, reason: 'busy', message: 'It has left.' })),
    };
    await chain.remove(`neurons/${this.hotkey}`);
  }

  stop(): Promise<void> {
    return this.miner.stop();
  }

  /** What came of its lies. */
  async believed({ postgres, chain }: Surroundings): Promise<Looked> {
    const receipts = await postgres.query<{ what: string }>(
      `select receipt_type || ' of ' || job_uuid || ' worth ' || coalesce(score::text, 'nothing') as what
       from validator.receipt
       where payload like '%' || $1 || '%'
         or (miner_hotkey = $2 and (score > 0 or job_uuid not in (select uuid from validator.attempt)))`,
      madeUp,
      this.hotkey,
    );
    const completed = await postgres.query<{ uuid: string }>(
      `select uuid from validator.attempt where miner_hotkey = $1 and outcome = 'completed'`,
      this.hotkey,
    );
    const { weights } = await chain.state();
    return {
      count: this.told,
      found: [
        ...receipts.map(({ what }) => `the validator took a receipt that was made up: ${what}`),
        ...completed.map(({ uuid }) => `the validator took the made up result of job ${uuid}`),
        ...weights
          .filter((set) => (set.weights[this.hotkey] ?? 0) > 0)
          .map(({ block }) => `the liar has weight since block ${block}`),
      ],
    };
  }

  /** Says of a job that it is accepted, and of this one or another what is not so. */
  private async answer(job_uuid: string, connection: Connection): Promise<void> {
    const result = { docker_process_stdout: 'made up', docker_process_stderr: '' };
    const done = make(JobFinished, { job_uuid, ...result });
    const failed = make(JobFailed, { job_uuid, message: 'It has never run.' });
    const other = make(JobFinished, { job_uuid: await this.anotherJob(), ...result });
    const declined = make(DeclineJob, { job_uuid, reason: 'busy', message: 'All are busy.' });
    const ways = [
      [done, other, failed],
      [failed, done, other],
      [declined, done, failed],
      [make(ExecutorReady, { job_uuid }), other],
    ];
    const way = ways[this.jobs++ % ways.length]!;
    this.told += way.length;
    await send(connection, make(AcceptJob, { job_uuid }), ...way);
  }

  private async end(job_uuid: string, connection: Connection): Promise<void> {
    const failed = make(JobFailed, { job_uuid, message: 'It has never run.' });
    const done = make(JobFinished, {
      job_uuid,
      docker_process_stdout: 'made up',
      docker_process_stderr: '',
    });
    this.told++;
    await send(connection, make(VolumesReady, { job_uuid }), failed, done);
  }

  /** One that another miner has. */
  private async anotherJob(): Promise<string> {
    const rows = await this.network!.postgres.query<{ uuid: string }>(
      'select uuid from validator.attempt where ended_at is null and miner_hotkey <> $1 limit 1',
      this.hotkey,
    ).catch(() => []); // Postgres is away
    return rows[0]?.uuid ?? randomUUID();
  }

  /** Puts receipts on its pages: made up ones, and those of others. */
  private async show(): Promise<void> {
    const { folder, keys } = this.network!;
    const accomplice = Keypair.generate();
    const forged: Signer = { address: keys.validator.address, signHex: (text) => accomplice.signHex(text) };
    const pair = (uuid: string, validator: Signer) => {
      const of = { uuid, validator, miner: this.keypair };
      const fields = { score_str: madeUp, block_numbers: blocks };
      return [
        pageLine(started(of, { executor_class: executorClass }), of),
        pageLine(finished(of, fields), of),
      ];
    };
    const shown = await shownLines(receiptsFolder(folder));
    const lines = [
      ...pair(randomUUID(), forged),
      ...pair(await this.anotherJob(), forged),
      ...pair(randomUUID(), accomplice),
      ...pair(randomUUID(), this.keypair),
      ...shown.flatMap((line) => [line, line.replace(/"score_str":"[^"]*"/, `"score_str":"${madeUp}"`)]),
      'no receipt at all',
      ...shown.slice(0, 1).map((line) => line.slice(0, line.length / 2)),
    ];
    this.told += lines.length;
    this.pages.append(pageAt(Date.now()), lines.map((line) => `${line}\n`).join(''));
  }
}

/** The last receipts that the other miner shows. */
async function shownLines(folder: string): Promise<string[]> {
  const pages = (await readdir(folder)).filter((name) => name.endsWith('.jsonl')).toSorted();
  const text = await readFile(path.join(folder, pages.at(-1)!), 'utf8');
  return text.split('\n').slice(0, -1).slice(-10);
}
