import { randomUUID } from 'node:crypto';
import { openDatabase } from '@horde/database';
import { afterEach, describe, expect, it } from 'vitest';
import { createTestDatabase } from '@horde/testing/database';
import { databaseOptions } from '../migrations/database-options.ts';

const first = ['CreateValidators1795000000000', 'CreateJobs1795000000001', 'CreateReceipts1795000000002'];
let close: () => Promise<void>;
afterEach(() => close());

describe('a database that the first miner has made', () => {
  it('comes up with the newest one, and keeps what it holds', async () => {
    const options = databaseOptions(await createTestDatabase());
    const old = await openDatabase({
      ...options,
      migrations: options.migrations.filter(({ name }) => first.includes(name)),
    });
    const uuid = randomUUID();
    await old.query(
      `insert into job (uuid, validator_hotkey, executor_class, status, initial_request, executor_token, slot_held,
         start_requested_at, connected_at, deadline)
       values ($1, 'v', 'always_on.test', 'executor_ready', '{}', 't', true, now(), now(), now() + interval '1 hour')`,
      [uuid],
    );
    await old.query(`insert into validator (hotkey, active) values ('v', true)`);
    await old.query(
      `insert into receipt (job_uuid, receipt_type, validator_hotkey, timestamp, payload, validator_signature,
         miner_signature) values ($1, 'JobFinishedReceipt', 'v', now(), '{}', '0x', '0x')`,
      [uuid],
    );
    await old.destroy();

    const now = await openDatabase(options);
    close = () => now.destroy();
    expect(await now.query('select uuid, executor_number, executor_durable, cancelled_at from job')).toEqual([
      { uuid, executor_number: '0', executor_durable: false, cancelled_at: null },
    ]);
    expect(await now.query('select blacklisted from validator')).toEqual([{ blacklisted: false }]);
    expect(await now.query('select page from receipt')).toEqual([{ page: null }]);
  });
});
