import { runCommand, type Finding } from '@horde/commands';
import { Keypair } from '@horde/identity';
import { createLogger } from '@horde/operations';
import { createTestDatabase } from '@horde/testing/database';
import { ScriptedPylon } from '@horde/testing/scripted-pylon';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FacilitatorContext } from '../commands/facilitator-context.ts';
import { facilitatorProgram } from '../commands/program.ts';
import { databaseOptions } from '../database.ts';

const pylon = new ScriptedPylon();
let databaseUrl: string;
let sql: pg.Client;
beforeAll(async () => {
  await pylon.start();
  databaseUrl = await createTestDatabase(databaseOptions);
  sql = new pg.Client({ connectionString: databaseUrl, options: '-c search_path=facilitator' });
  await sql.connect();
});
afterAll(async () => {
  await sql?.end();
  await pylon.stop();
});

/** What the doctor says, by the names of its checks. */
async function doctor(changes: Record<string, string> = {}) {
  const environment = {
    DATABASE_URL: databaseUrl,
    SECRET_KEY: 'secret',
    BITTENSOR_NETUID: '12',
    PYLON_ADDRESS: pylon.address,
    ...changes,
  };
  const printed: string[] = [];
  const logger = createLogger('facilitator', { write: () => undefined });
  const signal = new AbortController().signal;
  const context = new FacilitatorContext(environment, (text) => printed.push(text), logger, signal);
  const exitCode = await runCommand(facilitatorProgram, ['doctor', '--json'], context, () => undefined);
  const { checks } = JSON.parse(printed[0]!) as { checks: Finding[] };
  const lines = checks.map(({ check, verdict, says, fix }) => [check, `${verdict} ${says} -> ${fix}`]);
  return { exitCode, found: Object.fromEntries(lines) as Record<string, string> };
}

describe('the facilitator’s doctor', () => {
  it('finds each validator’s absence, and what to do until one is there', async () => {
    const nobody = await doctor();
    expect(Object.keys(nobody.found)).toEqual([
      'settings',
      'postgres',
      'redis',
      'chain',
      'validators',
      'clock',
      'disk',
      'certificate',
    ]);
    expect(nobody.found['chain']).toMatch(/^OK Block 100, 0 neurons on subnet 12\./);
    expect(nobody.found['validators']).toBe(
      'WARN None is known. -> Run `facilitator sync_metagraph`, which reads them from the chain.',
    );
    const { address } = Keypair.generate();
    await sql.query('insert into validator (hotkey, active) values ($1, true)', [address]);
    expect((await doctor()).found['validators']).toMatch(
      /^WARN None of 1 is connected\. -> .*FACILITATOR_URI/,
    );
    await sql.query(
      'insert into channel (id, validator_hotkey, largest_frame) values (gen_random_uuid(), $1, 1)',
      [address],
    );
    expect((await doctor()).found['validators']).toMatch(/^OK 1 of 1 are connected\./);
  });

  it('finds a chain that is away, and one that refuses', async () => {
    const { exitCode, found } = await doctor({ PYLON_ADDRESS: 'http://127.0.0.1:1' });
    expect(exitCode).toBe(1);
    expect(found['chain']).toMatch(
      /^FAIL Pylon at http:\/\/127\.0\.0\.1:1 does not answer.* -> Start Pylon, or set PYLON_ADDRESS \(http/,
    );
    expect(found['clock']).toMatch(/^WARN There is nobody to compare it with\./);
    pylon.fails = true;
    expect((await doctor()).found['chain']).toMatch(/^FAIL Pylon at /);
    pylon.fails = false;
  });

  it('finds a database without tables, one that is away, and does not look for validators there', async () => {
    const empty = await doctor({ DATABASE_URL: await createTestDatabase() });
    expect(empty.found['postgres']).toMatch(/^WARN .* are due\. -> Start the facilitator: it makes them\.$/);
    expect(empty.found).not.toHaveProperty('validators');
    const away = await doctor({ DATABASE_URL: 'postgres://u:hidden@127.0.0.1:1/d' });
    expect(away.exitCode).toBe(1);
    expect(away.found['postgres']).toMatch(/^FAIL It cannot be used: .*ECONNREFUSED/);
    expect(JSON.stringify(away)).not.toContain('hidden');
  });

  it('finds validators that it cannot look at', async () => {
    await sql.query('alter table channel rename to channel_away');
    try {
      const { exitCode, found } = await doctor();
      expect(exitCode).toBe(1);
      expect(found['validators']).toMatch(
        /^FAIL They could not be looked at: .*channel.* -> Look at the database\.$/,
      );
    } finally {
      await sql.query('alter table channel_away rename to channel');
    }
  });
});
