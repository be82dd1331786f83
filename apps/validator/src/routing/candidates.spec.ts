import type { Database } from '@horde/database';
import { Keypair } from '@horde/identity';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Capacity } from '../capacity/capacity.ts';
import type { Collateral } from '../collateral/collateral.ts';
import { NoCollateral } from '../collateral/no-collateral.ts';
import { StaticCollateral } from '../collateral/static-collateral.ts';
import { ReceiptQueries } from '../receipts/receipt-queries.ts';
import { openTestDatabase } from '../testing/open-test-database.ts';
import { Candidates } from './candidates.ts';
import { KnownMiners } from './known-miners.ts';

const executorClass = 'always_on.test';
/** In the order of their uids, from 0 on. */
const [first, second] = [Keypair.generate().address, Keypair.generate().address];
const logger = pino({ level: 'silent' });
let database: Database;

beforeAll(async () => {
  database = await openTestDatabase();
  for (const [uid, hotkey] of [first, second].entries()) {
    await database.manager.query(
      `insert into miner (hotkey, uid, ip, port) values ($1, $2, '192.0.2.1', 1)`,
      [hotkey, uid],
    );
    await database.manager.query('insert into miner_manifest values ($1, $2, 1)', [hotkey, executorClass]);
  }
});
afterAll(() => database.dataSource.destroy());

const obstacles = async (collateral: Collateral, least: string) => {
  const config = {
    DYNAMIC_ROUTING_RELIABILITY_WINDOW_HOURS: 24,
    DYNAMIC_ROUTING_RELIABILITY_SOFT_CUTOFF: -50,
    DYNAMIC_ROUTING_RELIABILITY_SEPARATION: 5,
    DYNAMIC_MINIMUM_COLLATERAL_AMOUNT_WEI: least,
  };
  const keys = { get: (key: keyof typeof config) => config[key] } as never;
  const capacity = new Capacity(new ReceiptQueries(database), Keypair.generate());
  const known = new KnownMiners(database, capacity, keys, logger);
  const candidates = new Candidates(
    { isRequired: false, accounts: () => new Map() } as never,
    keys,
    collateral,
    logger,
  );
  const miners = await known.now(database.manager, executorClass);
  const all = await candidates.of(miners, executorClass, 1, () => true);
  return Object.fromEntries(all.map(({ hotkey, obstacle }) => [hotkey, obstacle]));
};
const listed = (deposits: Record<string, string>) => StaticCollateral.open(JSON.stringify(deposits), logger);

describe('the fault that the miner with uid 0 never had collateral', () => {
  it('whoever has deposited enough may have jobs, with any uid, and nobody else', async () => {
    const collateral = await listed({ [first]: '10000000000000000', [second]: '9999999999999999' });
    expect(await obstacles(collateral, '10000000000000000')).toEqual({
      [first]: null,
      [second]: 'collateral',
    });
    expect(await obstacles(await listed({}), '1')).toEqual({ [first]: 'collateral', [second]: 'collateral' });
  });
});

describe('collateral is not asked for', () => {
  it('where nobody keeps any, whatever the threshold', async () => {
    expect(await obstacles(new NoCollateral(), '10000000000000000')).toEqual({
      [first]: null,
      [second]: null,
    });
  });

  it('where the threshold is 0', async () => {
    expect(await obstacles(await listed({}), '0')).toEqual({ [first]: null, [second]: null });
  });

  it('while it cannot be asked for', async () => {
    const away = { ...new NoCollateral(), isKept: true, of: () => Promise.reject(new Error('away')) };
    expect(await obstacles(away as never, '1')).toEqual({ [first]: null, [second]: null });
  });
});
