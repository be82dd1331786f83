/** Scoring a cycle: from the receipts of all validators in the database to weights, each spend judged. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Chain, Neuron } from '@horde/chain';
import type { Database } from '@horde/database';
import { executorClasses } from '@horde/protocol';
import { pino } from 'pino';
import { AllowancePaidJobs } from '../../../apps/validator/src/allowance/allowance-paid-jobs.ts';
import { ChainBlocks } from '../../../apps/validator/src/allowance/chain-blocks.ts';
import { AllowanceHistory } from '../../../apps/validator/src/allowance/history.ts';
import { SpendingMetrics } from '../../../apps/validator/src/allowance/spending-metrics.ts';
import { ValidatorConfig } from '../../../apps/validator/src/dynamic-config/validator-config.ts';
import { MetricsRegistry } from '../../../apps/validator/src/metrics/metrics-registry.ts';
import { ReceiptQueries } from '../../../apps/validator/src/receipts/receipt-queries.ts';
import { ValidatorSettings } from '../../../apps/validator/src/settings.ts';
import { openTestDatabase } from '../../../apps/validator/src/testing/open-test-database.ts';
import { CycleInputsReader } from '../../../apps/validator/src/weights/cycle-inputs.ts';
import type { MainHotkeyBook } from '../../../apps/validator/src/weights/main-hotkeys.ts';
import { weigh } from '../../../apps/validator/src/weights/weigh.ts';
import type { Figure } from '../figure.ts';
import { withPostgres } from '../miner/with-postgres.ts';

const validators = 20;
const miners = 256;
const jobs = 20_000;
/** Of 12 s, with four executors of each class at a miner and a twentieth of the stake: 2.4 executor-seconds each. */
const blocks = 92;
/** @unit executor-seconds */
const cost = 220;
const window = { from: 2_527, until: 2_873, cycle: { start: 1_430, end: 2_152 } };

export const scoringFigures = (): Promise<Figure[]> => withPostgres(() => measure());

async function measure(): Promise<Figure[]> {
  const database = await openTestDatabase();
  const reader = readerOf(database);
  try {
    await fill(database);
    const lag = monitorEventLoopDelay({ resolution: 1 });
    lag.enable();
    const began = performance.now();
    const inputs = await reader.read(window);
    const { weights } = weigh(inputs);
    const seconds = (performance.now() - began) / 1_000;
    lag.disable();
    const paid = [...inputs.scores.values()].flatMap((scores) => [...scores.values()]);
    const sum = paid.reduce((total, score) => total + score, 0);
    if (sum !== jobs * cost || weights?.size !== miners)
      throw new Error(
        `Only ${sum / cost} of ${jobs} jobs were paid, ${weights?.size ?? 0} of ${miners} miners have weights.`,
      );
    return [
      {
        name: 'a cycle with 20,000 finished receipts scored',
        value: seconds,
        unit: 's',
        bar: 10,
        atLeast: false,
        note: `${miners} miners, ${validators} validators, ${blocks} blocks a job; miners are not asked for main hotkeys`,
      },
      {
        name: 'the event loop meanwhile, at most',
        value: lag.max / 1e6,
        unit: 'ms',
        bar: null,
        atLeast: false,
      },
    ];
  } finally {
    await database.dataSource.destroy();
  }
}

function readerOf(database: Database): CycleInputsReader {
  const settings = Object.assign(new ValidatorSettings(), { network: 'local' });
  const config = new ValidatorConfig(settings, database, null as never);
  const neurons = Array.from({ length: miners }, (_, uid) => ({
    uid,
    hotkey: `miner ${uid}`,
    coldkey: `coldkey ${uid % 64}`,
    address: null,
  })) as unknown as Neuron[];
  const chain = {
    neurons: () => Promise.resolve({ block: { number: 0, hash: '' }, neurons }),
  } as unknown as Chain;
  const logger = pino({ level: 'silent' });
  const paidJobs = new AllowancePaidJobs(
    new AllowanceHistory(database),
    new ChainBlocks(chain, config, database),
    new ReceiptQueries(database),
    config,
    new SpendingMetrics(new MetricsRegistry()),
    logger,
  );
  const nobody = { of: () => Promise.resolve(new Map()) } as unknown as MainHotkeyBook;
  return new CycleInputsReader(
    chain,
    database,
    paidJobs,
    nobody,
    config,
    settings,
    { address: 'validator 0' } as never,
    logger,
  );
}

/** Jobs that ended in the cycle one after the other; no two of a validator, miner and class share a block. */
async function fill({ manager }: Database): Promise<void> {
  const classes = Object.keys(executorClasses);
  await manager.query(
    `insert into stake_snapshot (hotkeys, shares)
     select array_agg('validator ' || number), array_agg(1.0 / $1::float8) from generate_series(0, $1 - 1) number`,
    [validators],
  );
  await manager.query(
    `insert into allowance_block select number, '0x' || number, '2026-01-01T00:00:00Z'::timestamptz + number * interval '12 s',
       1, (select min(id) from stake_snapshot) from generate_series(0, 2600) number`,
  );
  await manager.query(
    `insert into manifest_change select 'miner ' || number, class, 0, 4, false
     from generate_series(0, $1 - 1) number, unnest($2::text[]) class`,
    [miners, classes],
  );
  await manager.query(
    `insert into receipt (job_uuid, receipt_type, validator_hotkey, miner_hotkey, payload, validator_signature, timestamp,
       executor_class, is_organic, score, block_numbers)
     select md5(job::text)::uuid, type, 'validator ' || job / ($3 * 5) % $2, 'miner ' || job % $3, '', '',
       '2026-01-01T00:00:00Z'::timestamptz + (1440 + job * 700.0 / $1) * interval '12 s'
         + case when type = 'JobFinishedReceipt' then interval '1 min' else interval '0' end,
       ($4::text[])[1 + job / $3 % 5], type = 'JobStartedReceipt',
       case when type = 'JobFinishedReceipt' then $6::numeric end,
       case when type = 'JobFinishedReceipt' then array(select generate_series(1440 + job * 700 / $1 - $5, 1439 + job * 700 / $1)) end
     from generate_series(0, $1 - 1) job, unnest(array['JobStartedReceipt', 'JobFinishedReceipt']) type`,
    [jobs, validators, miners, classes, blocks, cost],
  );
}
