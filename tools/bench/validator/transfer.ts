/** Fetching receipts: from a miner's page over HTTP to rows that are committed, both signatures verified. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Keypair } from '@horde/identity';
import { pageAt } from '@horde/receipts';
import { accepted, finished, pageLine, started } from '@horde/testing/receipts';
import { PageServer } from '@horde/testing/page-server';
import { chainOf, newTransfer } from '../../../apps/validator/src/testing/new-transfer.ts';
import { openTestDatabase } from '../../../apps/validator/src/testing/open-test-database.ts';
import type { Figure } from '../figure.ts';
import { withPostgres } from '../miner/with-postgres.ts';

const validators = 20;
const miners = 64;
/** Of each miner; a job has three receipts, and its allowance is of so many blocks. */
const jobs = 100;
const blocks = 92;

export async function transferFigures(): Promise<Figure[]> {
  return withPostgres(() => measure());
}

async function measure(): Promise<Figure[]> {
  const database = await openTestDatabase();
  const signers = Array.from({ length: validators }, () => Keypair.generate());
  const shown = Array.from({ length: miners }, () => ({
    keypair: Keypair.generate(),
    server: new PageServer(),
  }));
  const page = pageAt(Date.now());
  for (const { keypair, server } of shown) {
    await server.start();
    const text = Array.from({ length: jobs }, (_, i) => linesOf(signers[i % validators]!, keypair));
    server.append(page, text.join(''));
  }
  const chain = chainOf(() => Promise.resolve(signers.map(({ address }) => address)));
  const { transfer, close } = newTransfer(database, chain);
  const sources = shown.map(({ keypair, server }) => ({
    hotkey: keypair.address,
    ip: '127.0.0.1',
    port: server.port,
  }));
  try {
    const lag = monitorEventLoopDelay({ resolution: 1 });
    lag.enable();
    const began = performance.now();
    const cpu = process.cpuUsage();
    await transfer.once(AbortSignal.timeout(300_000), sources);
    const seconds = (performance.now() - began) / 1_000;
    lag.disable();
    const { user, system } = process.cpuUsage(cpu);
    const [{ count }] = await database.manager.query<[{ count: number }]>(
      'select count(*)::int as count from receipt',
    );
    const all = miners * jobs * 3;
    if (count !== all) throw new Error(`Only ${count} of ${all} receipts were stored.`);
    return [
      {
        name: 'receipts fetched, verified and stored',
        value: all / seconds,
        unit: '1/s',
        bar: 2_000,
        atLeast: true,
        note: `${all} lines of ${miners} miners and ${validators} validators, two signatures each; pages are served by the same process`,
      },
      {
        name: 'receipts fetched, verified and stored, in two seconds of one processor',
        value: (2 * all * 1e6) / (user + system),
        unit: '1/s',
        bar: null,
        atLeast: true,
        note: 'whatever else the machine does: what two cores could do with nothing else on them, Postgres aside',
      },
      {
        name: 'the event loop meanwhile, at p99',
        value: lag.percentile(99) / 1e6,
        unit: 'ms',
        bar: null,
        atLeast: false,
      },
    ];
  } finally {
    await Promise.all(shown.map(({ server }) => server.stop()));
    await close();
    await database.dataSource.destroy();
  }
}

function linesOf(validator: Keypair, miner: Keypair): string {
  const of = { validator, miner };
  const block_numbers = Array.from({ length: blocks }, (_, i) => 5_000_000 + i);
  const { job_uuid } = started(of);
  return [started(of, { job_uuid }), accepted(of, { job_uuid }), finished(of, { job_uuid, block_numbers })]
    .map((payload) => `${pageLine(payload, of)}\n`)
    .join('');
}
