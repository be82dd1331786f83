import { appendFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { JobStatus } from '@horde/sdk';
import { receiptsFolder, secrets, startsFile, warmExecutors } from './environment.ts';
import type { Attempt, Looked, SeenEnd, SeenReceipt } from './history.ts';
import { leftFolders, type FaultNetwork } from './network.ts';
import type { FaultOptions } from './options.ts';

/** How often ends are looked at. @unit ms */
const lookEvery = 1_000;
/** How long what is held may take to be given back once all jobs have ended. @unit ms */
const settleLimit = 120_000;

const terminal = `status in ('completed', 'rejected', 'failed', 'horde_failed')`;

/** Looks at the ends of jobs while faults strike, past all links. */
export class EndWatch {
  readonly ends: SeenEnd[] = [];
  private readonly last = new Map<string, JobStatus>();
  private readonly stop = new AbortController();
  private readonly looking: Promise<void>;

  constructor(private readonly network: FaultNetwork) {
    this.looking = this.keepLooking();
  }

  /** Looks for the last time. */
  async finish(): Promise<void> {
    this.stop.abort();
    await this.looking;
    await this.look();
  }

  private async keepLooking(): Promise<void> {
    while (!this.stop.signal.aborted) {
      await this.look().catch(() => undefined); // Postgres is away
      await sleep(lookEvery, undefined, { signal: this.stop.signal }).catch(() => undefined);
    }
  }

  private async look(): Promise<void> {
    for (const where of ['facilitator', 'validator'] as const) {
      const rows = await this.network.postgres.query<{ uuid: string; status: JobStatus }>(
        `select uuid, status from ${where}.job where ${terminal} or uuid = any($1)`,
        this.seenAt(where),
      );
      for (const { uuid, status } of rows) this.note({ where, job: uuid, status });
    }
  }

  private seenAt(where: string): string[] {
    return [...this.last.keys()].flatMap((key) =>
      key.startsWith(where) ? [key.slice(where.length + 1)] : [],
    );
  }

  private note(end: SeenEnd): void {
    const key = `${end.where} ${end.job}`;
    if (this.last.get(key) === end.status) return;
    this.last.set(key, end.status);
    this.ends.push(end);
  }
}

/** Resolves when nothing is held any more, or after a limit. @returns what is held still */
export async function settled(network: FaultNetwork): Promise<Looked> {
  const until = performance.now() + settleLimit;
  for (;;) {
    const held = await heldIn(network);
    if (held.found.length === 0 || performance.now() > until) return held;
    await sleep(500);
  }
}

const holding = {
  'jobs that hold a slot': 'select uuid::text as name from miner.job where slot_held',
  'reservations of the validator':
    'select id::text as name from validator.booking where expires_at is not null',
  'claims to jobs': 'select uuid::text as name from validator.job where driver is not null',
  'messages on their way from the facilitator': `select type || ' of ' || subject as name from facilitator.outbox`,
  'messages on their way from the validator': `select type || ' of ' || subject as name from validator.outbox`,
  'messages on their way from the miner': `select type || ' of ' || subject as name from miner.outbox`,
  'weights that the chain has not shown to have': `select cycle_start::text as name from validator.cycle_weights where state in ('to compute', 'to send', 'sent')`,
  'receipts that are on no page': `select receipt_type || ' of ' || job_uuid as name from miner.receipt where page is null`,
  'attempts that have not ended': 'select uuid::text as name from validator.attempt where ended_at is null',
};

async function heldIn({ postgres }: FaultNetwork): Promise<Looked> {
  const found: string[] = [];
  for (const [what, sql] of Object.entries(holding)) {
    const rows = await postgres.query<{ name: string }>(sql);
    if (rows.length > 0) found.push(`${what}: ${rows.map(({ name }) => name).join(', ')}`);
  }
  return { count: Object.keys(holding).length, found };
}

/** What is left on the machine once nothing is held: it may take a moment. */
export async function left(network: FaultNetwork, options: FaultOptions): Promise<Looked> {
  const until = performance.now() + settleLimit;
  for (;;) {
    const found = await leftNow(network, options);
    if (found.length === 0 || performance.now() > until) return { count: 3, found };
    await sleep(500);
  }
}

async function leftNow(network: FaultNetwork, { jobs }: FaultOptions): Promise<string[]> {
  const executors = network.executors();
  const warm = warmExecutors(jobs);
  const containers = (await network.machine.engine?.containers()) ?? [];
  return [
    ...(executors.length > warm ? [`${executors.length} executors run, ${warm} are to wait`] : []),
    ...leftFolders(network.folder).map((name) => `folder ${name}`),
    ...containers.map((name) => `container ${name}`),
  ];
}

export const attempts = ({ postgres }: FaultNetwork): Promise<Attempt[]> =>
  postgres.query<Attempt>('select uuid, job_uuid as job from validator.attempt');

export async function executions({ folder }: FaultNetwork): Promise<string[]> {
  return (await readFile(startsFile(folder), 'utf8')).split('\n').filter((line) => line !== '');
}

export async function receipts({ postgres, folder }: FaultNetwork): Promise<SeenReceipt[]> {
  const stored = await Promise.all(
    (['miner', 'validator'] as const).map(async (where) =>
      (await postgres.query<{ payload: string }>(`select payload from ${where}.receipt`)).map(({ payload }) =>
        seenReceipt(where, JSON.parse(payload) as ReceiptPayload),
      ),
    ),
  );
  return [...stored.flat(), ...(await shownReceipts(receiptsFolder(folder)))];
}

/** Those on the miner's pages. */
async function shownReceipts(folder: string): Promise<SeenReceipt[]> {
  const pages = (await readdir(folder)).filter((name) => name.endsWith('.jsonl'));
  const texts = await Promise.all(pages.map((name) => readFile(path.join(folder, name), 'utf8')));
  return texts
    .flatMap((text) => text.split('\n').filter((line) => line !== ''))
    .map((line) => seenReceipt('pages', (JSON.parse(line) as { payload: ReceiptPayload }).payload));
}

interface ReceiptPayload {
  job_uuid: string;
  receipt_type: string;
  score_str?: string;
}

const seenReceipt = (
  where: SeenReceipt['where'],
  { job_uuid, receipt_type, score_str = '0' }: ReceiptPayload,
): SeenReceipt => ({ where, uuid: job_uuid, type: receipt_type, pays: Number(score_str) > 0 });

/** Secrets in the logs of services and executors. */
export async function leaks({ postgres, folder }: FaultNetwork): Promise<Looked> {
  const tokens = await postgres.query<{ token: string }>(
    `select executor_token as token from miner.job where executor_token <> ''
     union select token from miner.warm_executor`,
  );
  const password = new URL(postgres.url).password;
  const needles = [...Object.values(secrets), password, ...tokens.map(({ token }) => token)];
  const logs = path.join(folder, 'logs');
  const found: string[] = [];
  for (const name of await readdir(logs)) {
    const text = await readFile(path.join(logs, name), 'utf8');
    for (const needle of needles)
      if (text.includes(needle)) found.push(`${name} has a secret that begins with ${needle.slice(0, 6)}`);
  }
  return { count: needles.length, found };
}

/** Puts the last receipt that is shown on its page once more. */
export async function showTwice({ folder }: FaultNetwork): Promise<void> {
  const pages = (await readdir(receiptsFolder(folder))).filter((name) => name.endsWith('.jsonl')).toSorted();
  const file = path.join(receiptsFolder(folder), pages.at(-1)!);
  const lines = (await readFile(file, 'utf8')).trimEnd().split('\n');
  appendFileSync(file, `${lines.at(-1)}\n`);
}
