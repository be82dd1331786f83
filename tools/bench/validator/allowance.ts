/** What the accounts cost: finding who can be paid, taking a block, and what is stored of a day. */
import { performance } from 'node:perf_hooks';
import { randomUUID } from 'node:crypto';
import type { Chain, Neuron } from '@horde/chain';
import type { Database, Doorbell } from '@horde/database';
import { ExecutorClass } from '@horde/protocol';
import { pino } from 'pino';
import { AllowanceMetrics } from '../../../apps/validator/src/allowance/allowance-metrics.ts';
import { AllowanceView } from '../../../apps/validator/src/allowance/allowance-view.ts';
import { Allowance } from '../../../apps/validator/src/allowance/allowance.ts';
import { ChainBlocks } from '../../../apps/validator/src/allowance/chain-blocks.ts';
import { FollowChain } from '../../../apps/validator/src/allowance/follow-chain.ts';
import { AllowanceHistory } from '../../../apps/validator/src/allowance/history.ts';
import { canPay } from '../../../apps/validator/src/allowance/search.ts';
import { TakeBlocks } from '../../../apps/validator/src/allowance/take-blocks.ts';
import { ValidatorConfig } from '../../../apps/validator/src/dynamic-config/validator-config.ts';
import { MetricsRegistry } from '../../../apps/validator/src/metrics/metrics-registry.ts';
import { ValidatorSettings } from '../../../apps/validator/src/settings.ts';
import { openTestDatabase } from '../../../apps/validator/src/testing/open-test-database.ts';
import type { Figure } from '../figure.ts';
import { withPostgres } from '../miner/with-postgres.ts';

const validators = 20;
const miners = 256;
/** A tenth of a day, and about as long as a block can be spent. */
const blocks = 720;
/** So many of them are taken one by one. */
const taken = 100;
/** In that time: 20,000 a day. */
const jobs = 2_000;
const blocksPerJob = 92;
const searches = 1_000;

export const allowanceFigures = (): Promise<Figure[]> => withPostgres(() => measure());

async function measure(): Promise<Figure[]> {
  const database = await openTestDatabase();
  const parts = partsOf(database);
  try {
    await offer(database);
    const empty = await size(database);
    await fill(database);
    const times = await takeBlocks(parts);
    const stored = (await size(database)) - empty;
    const found = await search(parts);
    return [
      {
        name: 'searching the accounts for those that can pay, p99',
        value: quantile(found, 0.99),
        unit: 'ms',
        bar: 5,
        atLeast: false,
        note: `${miners} miners, 5 classes, ${blocks} blocks, ${jobs} bookings; after each booking, and every fiftieth time after all was read again`,
      },
      {
        name: 'a block taken, median',
        value: quantile(times, 0.5),
        unit: 'ms',
        bar: 20,
        atLeast: false,
        note: `the stakes of all ${validators} validators change in each; what is kept in memory is read again`,
      },
      {
        name: 'growth in a day',
        value: (stored * 10) / 1e6,
        unit: 'MB',
        bar: 20,
        atLeast: false,
        note: `${(blocks * 10).toLocaleString('en')} blocks with other stakes each, ${(jobs * 10).toLocaleString('en')} bookings, ten changes of one class of each miner`,
      },
    ];
  } finally {
    await database.dataSource.destroy();
  }
}

type Parts = ReturnType<typeof partsOf>;

function partsOf(database: Database) {
  const logger = pino({ level: 'silent' });
  const doorbell = { ring: () => undefined, on: () => () => undefined } as unknown as Doorbell;
  const settings = Object.assign(new ValidatorSettings(), { network: 'local' });
  const metrics = new AllowanceMetrics(new MetricsRegistry());
  const history = new AllowanceHistory(database);
  const view = new AllowanceView(
    history,
    database,
    doorbell,
    { address: 'validator 1'.padEnd(48, '.') } as never,
    logger,
  );
  const head = { number: 0 };
  const config = new ValidatorConfig(settings, database, doorbell);
  const chainBlocks = new ChainBlocks(chainOf(head), config, database);
  return {
    database,
    head,
    view,
    allowance: new Allowance(view, history, settings, metrics),
    follow: new FollowChain(chainBlocks, new TakeBlocks(database, doorbell, metrics), database, logger),
  };
}

/** A chain that answers at once, and whose stakes are never the same. */
const chainOf = (head: { number: number }): Chain =>
  ({
    latestBlock: async () => ({ number: head.number, hash: `0x${head.number}` }),
    blockTime: async (number: number) => Date.UTC(2026) + number * 12_000,
    validators: async (number: number) => ({
      block: { number, hash: `0x${number}` },
      validators: Array.from({ length: validators }, (_, uid) => ({
        hotkey: `validator ${uid}`.padEnd(48, '.'),
        totalStake: 1_000_000 - uid * 1_000 + number / 7,
      })) as unknown as Neuron[],
    }),
  }) as unknown as Chain;

async function takeBlocks({ head, follow, view }: Parts): Promise<number[]> {
  const times: number[] = [];
  for (let number = blocks - taken + 5; number < blocks + 5; number++) {
    head.number = number;
    const began = performance.now();
    await follow.follow();
    await view.refresh('blocks');
    times.push(performance.now() - began);
  }
  return times;
}

/** Miners that have always offered the same. */
async function offer({ manager }: Database): Promise<void> {
  await manager.query(
    `insert into miner (hotkey, uid) select 'miner-' || number, number from generate_series(0, $1 - 1) number`,
    [miners],
  );
  await manager.query(
    `insert into miner_manifest select 'miner-' || number, class, 4
     from generate_series(0, $1 - 1) number, unnest($2::text[]) class`,
    [miners, ExecutorClass],
  );
  await manager.query(
    `insert into manifest_change select 'miner-' || number, class, 0, 4, false
     from generate_series(0, $1 - 1) number, unnest($2::text[]) class`,
    [miners, ExecutorClass],
  );
}

/** What comes with a tenth of a day. */
async function fill({ manager }: Database): Promise<void> {
  await manager.query(
    `insert into stake_snapshot (hotkeys, shares)
     select array(select rpad('validator ' || uid, 48, '.') from generate_series(0, $2 - 1) uid),
       array(select 1.0 / $2 + block * 1e-9 from generate_series(0, $2 - 1))
     from generate_series(0, $1 - 1) block`,
    [blocks - taken, validators],
  );
  await manager.query(
    `insert into allowance_block
     select id - 1, '0x' || id - 1, '2026-01-01T00:00:00Z'::timestamptz + (id - 1) * interval '12 s', 1, id from stake_snapshot`,
  );
  await manager.query(
    `insert into manifest_change select 'miner-' || number, $2, $3 / 2, 4, false from generate_series(0, $1 - 1) number`,
    [miners, ExecutorClass[0], blocks],
  );
  await manager.query(
    `insert into booking (id, miner_hotkey, executor_class, blocks, last_block, seconds)
     select gen_random_uuid(), 'miner-' || job % $2, ($3::text[])[1 + job / $2 % 5],
       int4multirange(int4range(first, first + $4)), first + $4 - 1, 220
     from (select job, job / ($2 * 5) * $4 as first from generate_series(0, $1 - 1) job) numbered`,
    [jobs, miners, ExecutorClass, blocksPerJob],
  );
}

async function search({ allowance, view }: Parts): Promise<number[]> {
  await view.refresh();
  const times: number[] = [];
  for (let turn = 0; turn < searches; turn++) {
    if (turn % 50 === 0) await view.refresh();
    const executorClass = ExecutorClass[turn % ExecutorClass.length]!;
    const began = performance.now();
    const payable = [...allowance.accounts(executorClass).values()].filter((account) => canPay(account, 220));
    times.push(performance.now() - began);
    if (payable.length === 0) throw new Error('Nobody can be paid: the bench measures nothing.');
    const { minerHotkey } = payable[turn % payable.length]!;
    const first = view.own.end - 10 * (1 + (turn % 20));
    const booked = Array.from({ length: 10 }, (_, at) => first + at);
    view.put({ id: randomUUID(), minerHotkey, executorClass, blocks: booked, expiresAt: null });
  }
  return times;
}

/** What is stored of accounts, indexes included. @unit bytes */
async function size({ manager }: Database): Promise<number> {
  const [{ bytes }] = await manager.query<[{ bytes: number }]>(
    `select sum(pg_total_relation_size(name::regclass))::float8 as bytes
     from unnest(array['allowance_block', 'stake_snapshot', 'manifest_change', 'booking']) name`,
  );
  return bytes;
}

const quantile = (values: readonly number[], part: number): number =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * part))]!;
