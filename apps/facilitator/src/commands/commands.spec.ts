import { runCommand } from '@horde/commands';
import { Keypair } from '@horde/identity';
import { createLogger } from '@horde/operations';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startFacilitator, type RunningFacilitator } from '../testing/running-facilitator.ts';
import { storeJobs } from '../testing/stored-jobs.ts';
import { tokenOf } from '../testing/user.ts';
import { FacilitatorContext } from './facilitator-context.ts';
import { facilitatorProgram } from './program.ts';

let facilitator: RunningFacilitator;
let printed: string[];
let errors: string[];
const query = (sql: string, ...values: unknown[]) =>
  facilitator.database.manager.query<unknown[]>(sql, values);

beforeAll(async () => void (facilitator = await startFacilitator([])));
afterAll(() => facilitator.stop());
beforeEach(() => ([printed, errors] = [[], []]));

function type(...words: string[]): Promise<number> {
  const { url } = facilitator.database.dataSource.options as { url: string };
  const environment = { DATABASE_URL: url, SECRET_KEY: 'secret', BITTENSOR_NETUID: '1' };
  const logger = createLogger('facilitator', { write: () => undefined });
  const signal = new AbortController().signal;
  const context = new FacilitatorContext(environment, (text) => printed.push(text), logger, signal);
  return runCommand(facilitatorProgram, words, context, (text) => errors.push(text));
}

describe('a command of the facilitator', () => {
  it('whitelist_hotkey lets a hotkey log in, however often it is typed', async () => {
    const user = Keypair.generate();
    expect(await type('whitelist_hotkey', user.address)).toBe(0);
    expect(await type('whitelist_hotkey', user.address)).toBe(0);
    expect(printed).toEqual(Array(2).fill(`${user.address} may use this facilitator.`));
    expect(await tokenOf(facilitator.url, user)).toMatch(/^ey/);
  });

  it('debug_add_validator makes a validator active', async () => {
    const { address } = Keypair.generate();
    expect(await type('debug_add_validator', address)).toBe(0);
    expect(await query('select active, pinned from validator where hotkey = $1', address)).toEqual([
      { active: true, pinned: true },
    ]);
  });

  it('evict_old_data removes old jobs', async () => {
    const [hotkey, validator] = [Keypair.generate().address, Keypair.generate().address];
    await storeJobs(query, { hotkey, validator, count: 1 });
    await query(`update job set created_at = now() - interval '8 days'`);
    await query(`update job_status set created_at = now() - interval '8 days'`);
    expect([await type('evict_old_data'), await type('evict_old_data')]).toEqual([0, 0]);
    expect(printed).toEqual(['Removed 1 job.', 'Removed 0 jobs.']);
  });

  it('that is typed wrong ends with 2, and says so', async () => {
    expect(await type('whitelist_hotkey', '5Nobody')).toBe(2);
    expect(errors).toEqual(['"5Nobody" is not an SS58 address.']);
    expect(await type('whitelist')).toBe(2);
    expect(errors.join()).toContain('unknown command');
  });

  it('shows its help', async () => {
    expect(await type('--help')).toBe(0);
    expect(printed.join()).toContain('debug_add_validator');
  });
});
