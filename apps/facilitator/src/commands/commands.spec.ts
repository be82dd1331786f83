import { runCommand } from '@horde/commands';
import { Keypair } from '@horde/identity';
import { createLogger } from '@horde/operations';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startFacilitator, type RunningFacilitator } from '../testing/running-facilitator.ts';
import { storeJobs } from '../testing/stored-jobs.ts';
import { jobBody, postJson, signatureHeaders, tokenOf } from '../testing/user.ts';
import { FacilitatorContext } from './facilitator-context.ts';
import { facilitatorProgram } from './program.ts';

let facilitator: RunningFacilitator;
let printed: string[];
let errors: string[];
const query = (sql: string, ...values: unknown[]) =>
  facilitator.database.manager.query<unknown[]>(sql, values);

beforeAll(async () => {
  facilitator = await startFacilitator([], {}, { hasSchedules: false });
});
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

  it('whitelist_hotkey says what a hotkey may do, list_whitelist shows it, unwhitelist_hotkey ends it', async () => {
    const user = Keypair.generate().address;
    await type('whitelist_hotkey', user, '--max_unfinished_jobs', '5', '--max-creations-per-minute', '0');
    await type('whitelist_hotkey', user, '--max-unfinished-jobs', '7');
    await type('list_whitelist');
    expect(printed.at(-1)).toMatch(
      new RegExp(`^${user}  since [-\\d]{10}  unfinished jobs 7, a minute any$`),
    );
    await type('whitelist_hotkey', user, '--max-creations-per-minute', 'default');
    await type('list_whitelist');
    expect(printed.at(-1)).toMatch(/unfinished jobs 7, a minute 600 \(default\)$/);
    expect(await type('whitelist_hotkey', user, '--max-unfinished-jobs', '-1')).toBe(2);
    expect([await type('unwhitelist_hotkey', user), await type('unwhitelist_hotkey', user)]).toEqual([0, 0]);
    expect(printed.slice(-2)).toEqual([`${user} is off the whitelist.`, `${user} was not on the whitelist.`]);
  });

  it('explain says where a job is and why, whether its validator is there, and what it does not know', async () => {
    const [hotkey, validator] = [Keypair.generate().address, Keypair.generate().address];
    await storeJobs(query, { hotkey, validator, count: 1 });
    const [{ uuid }] = (await query('select uuid from job where hotkey = $1', hotkey)) as [{ uuid: string }];
    await query("insert into outbox (peer, subject, type, frame) values ($1, $2, 't', '')", validator, uuid);
    expect(await type('explain', uuid)).toBe(0);
    const lines = printed.join('\n').split('\n');
    expect(lines.slice(0, 2)).toEqual([
      `Job ${uuid}, class always_on.test: sent.`,
      expect.stringMatching(/^It waits until .*\.$/),
    ]);
    expect(lines[3]).toMatch(/^[-\d]{10}T[:\d]{8}Z  .*; it waits until .*\. \(for \d+\.\d s now\)$/);
    expect(lines).toContain(`  user       ${hotkey}`);
    expect(lines).toContain(
      `  validator  ${validator}, not connected; it has not taken one message about the job yet`,
    );
    const unknown = '00000000-0000-4000-8000-000000000001';
    expect(await type('explain', unknown)).toBe(2);
    expect(errors.at(-1)).toBe(
      `There is no job ${unknown} here. It was not created here, or it ended more than 7 days ago (JOB_RETENTION_DAYS).`,
    );
    expect(await type('explain', '7')).toBe(2);
    await query('delete from job where uuid = $1', uuid);
    await query('delete from outbox where subject = $1', uuid);
  });

  it('create_admin makes an account of the panel and shows its password once, remove_admin ends it', async () => {
    expect(await type('create_admin', 'cook', '--role', 'read')).toBe(0);
    expect(printed.at(-1)).toMatch(/^cook may log in .*\nIts password, which is shown only here: [\w-]{24}$/);
    expect(await type('create_admin', 'cook')).toBe(1);
    expect(errors.at(-1)).toBe('There is an account cook already.');
    await type('change_admin_role', 'cook', 'operate');
    await type('change_admin_password', 'cook');
    await type('list_admins');
    expect(printed.at(-1)).toMatch(/^cook  operate  since [-\d]{10}$/);
    expect([await type('remove_admin', 'cook'), await type('remove_admin', 'cook')]).toEqual([0, 1]);
    expect(
      await query('select action, operator from audit_entry where subject = $1 order by id', 'cook'),
    ).toEqual(
      ['make an account', 'change a role', 'change a password', 'remove an account'].map((action) => ({
        action,
        operator: null,
      })),
    );
  });

  it('debug_add_validator makes a validator active', async () => {
    const { address } = Keypair.generate();
    expect(await type('debug_add_validator', address)).toBe(0);
    expect(await query('select active, pinned from validator where hotkey = $1', address)).toEqual([
      { active: true, pinned: true },
    ]);
    expect(await type('debug_add_validator', address)).toBe(0);
    expect(
      await query('select operator, action, before, after from audit_entry where subject = $1', address),
    ).toEqual([
      { operator: null, action: 'let a validator in', before: null, after: { active: true, pinned: true } },
    ]);
  });

  it('evict_old_data removes old jobs', async () => {
    const [hotkey, validator] = [Keypair.generate().address, Keypair.generate().address];
    await storeJobs(query, { hotkey, validator, count: 1 });
    await query(`update job set created_at = now() - interval '8 days'`);
    await query(`update job_status set created_at = now() - interval '8 days'`);
    expect([await type('evict_old_data'), await type('evict_old_data')]).toEqual([0, 0]);
    const rest = '0 receipts, 0 versions of miners, 0 looks at machines.';
    expect(printed).toEqual([`Removed 1 jobs, ${rest}`, `Removed 0 jobs, ${rest}`]);
  });

  it('tells of miners and machines, and of receipts that none of them shows', async () => {
    for (const word of ['fetch_miner_versions', 'process_raw_specs', 'list_hardware', 'fetch_receipts'])
      expect(await type(word)).toBe(0);
    expect(printed).toEqual([
      'Miners: 0. Told a version: 0. Changed: 0.',
      'Descriptions read: 0. Left in which there is nothing of use: 0.',
      'No validator has described a machine yet.',
      'Miners asked: 0. New receipts: 0.',
    ]);
    expect(await type('fetch_receipts', '--miner-ip', '127.0.0.1')).toBe(2);
  });

  it('set_dynamic_config stops the creation of jobs in processes that run, until it is unset', async () => {
    const create = async () => {
      const text = JSON.stringify(jobBody(Keypair.generate().address));
      const headers = {
        authorization: `Bearer ${await facilitator.allow(facilitator.user.address)}`,
        ...signatureHeaders(facilitator.user, text),
      };
      const { status, json } = await postJson(`${facilitator.url}/api/v1/job-docker/`, text, headers);
      return [status, (json as string[])[0]!.split(':')[0]];
    };
    expect(await type('set_dynamic_config', 'ENABLE_ORGANIC_JOBS', 'false')).toBe(0);
    await expect.poll(create).toEqual([400, 'Job creation is disabled at this moment']);
    expect(await type('unset_dynamic_config', 'ENABLE_ORGANIC_JOBS')).toBe(0);
    await expect.poll(create).toEqual([400, 'Could not select Validator']);
    expect(printed.at(-1)).toBe('ENABLE_ORGANIC_JOBS is true again (default).');
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
