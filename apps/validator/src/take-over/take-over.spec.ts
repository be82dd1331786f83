import { randomUUID } from 'node:crypto';
import { cycleOf } from '@horde/chain';
import { runCommand } from '@horde/commands';
import { Keypair } from '@horde/identity';
import { createLogger } from '@horde/operations';
import { asJson, asPickle, djangoHash, OldDatabase } from '@horde/testing/compute-horde/old-database';
import { accepted, finished, started } from '@horde/testing/receipts';
import { ServiceBundle } from '@horde/testing/service-bundle';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { validatorProgram } from '../commands/program.ts';
import { ValidatorContext } from '../commands/validator-context.ts';
import { ValidatorPlace } from '../testing/running-validator.ts';
import { WeightsStore } from '../weights/weights-store.ts';

const netuid = 12; // that of ValidatorPlace
const cycle = cycleOf(7_000_000, netuid);
const user = Keypair.generate().address;
const cheater = Keypair.generate().address;
const validator = Keypair.generate();
const miner = Keypair.generate();
const hour = 3_600_000;
const [cheatedJob, slashedJob, declinedJob] = [randomUUID(), randomUUID(), randomUUID()];

let old: OldDatabase;
let place: ValidatorPlace;

beforeAll(async () => {
  old = await OldDatabase.start('validator');
  await fill();
});
afterAll(() => old?.stop());
beforeEach(async () => {
  place = await ValidatorPlace.make();
  // The chain does not answer here: whose receipts count has to be known.
  await know(place);
  return () => place.remove();
});

const know = (somewhere: ValidatorPlace) =>
  somewhere.query('insert into known_validator (hotkey) values ($1)', [validator.address]);

/** As a validator has it that has been there for a while, with rows that nobody would expect. */
async function fill(): Promise<void> {
  await old.addUser('admin', djangoHash('correct horse battery'), { superuser: true });
  await old.addSetting('DYNAMIC_BURN_RATE', asJson(0.25));
  await old.addSetting('DYNAMIC_EXECUTOR_CLASS_WEIGHTS', asPickle('always_on.test=1'));
  await old.addSetting('DYNAMIC_MINIMUM_COLLATERAL_AMOUNT_WEI', asJson(2).replace('2', '20000000000000001'));
  await old.addSetting('DYNAMIC_BURN_PARTITION', asJson(2)); // beyond our range
  await old.addSetting('DYNAMIC_MAX_WEIGHT', asJson(65_535));
  await old.addSetting('SERVING', asJson(true)); // as it is here anyway
  for (const hotkey of [user, "'; drop table job; --"])
    await old.sql.query('insert into validator_validatorwhitelist (hotkey) values ($1)', [hotkey]);
  const id = new Map<string, string>();
  for (const hotkey of [cheater, 'no address']) {
    const { rows } = await old.sql.query<{ id: string }>(
      'insert into validator_miner (hotkey) values ($1) returning id',
      [hotkey],
    );
    id.set(hotkey, rows[0]!.id);
  }
  const entries: [string | undefined, Date | null, string][] = [
    [id.get(cheater), null, 'MANUAL'],
    [id.get(cheater), new Date(Date.now() + hour), 'JOB_CHEATED'],
    [id.get(cheater), new Date(Date.now() + 2 * hour), 'JOB_CHEATED'],
    [id.get(cheater), new Date(Date.now() - hour), 'JOB_FAILED'],
    [id.get(cheater), null, 'WHO KNOWS'],
    [id.get('no address'), null, 'MANUAL'],
  ];
  for (const entry of entries)
    await old.sql.query(
      'insert into validator_minerblacklist (miner_id, expires_at, reason) values ($1, $2, $3)',
      entry,
    );
  for (const [from, to] of [
    [cycle.start, cycle.end],
    [cycle.start + 1, cycle.end],
    [-722, 0],
  ])
    await old.sql.query(
      'insert into validator_weightsettingfinishedevent (block_from, block_to) values ($1, $2)',
      [from, to],
    );
  for (const [coldkey, label, hotkey] of [
    [cheater, Math.ceil(cycle.start / 722) * 722, user],
    [user, 722, null],
  ])
    await old.sql.query(
      'insert into validator_minermainhotkey (coldkey, cycle_start, main_hotkey) values ($1, $2, $3)',
      [coldkey, label, hotkey],
    );
  const jobs: [string, string | undefined, boolean, boolean, string][] = [
    [cheatedJob, id.get(cheater), true, false, 'always_on.test'],
    [slashedJob, id.get(cheater), true, true, 'always_on.test'],
    [randomUUID(), id.get(cheater), false, false, 'always_on.test'],
    [randomUUID(), id.get('no address'), true, true, 'always_on.test'],
  ];
  for (const job of jobs)
    await old.sql.query(
      `insert into validator_organicjob (job_uuid, miner_id, cheated, slashed, executor_class, status)
       values ($1, $2, $3, $4, $5, 'COMPLETED')`,
      job,
    );
  for (const [type, hotkey, uuid, executorClass] of [
    ['MINER_JOB_REJECTED', cheater, declinedJob, 'always_on.test'],
    ['MINER_HORDE_FAILED', cheater, cheatedJob, 'always_on.test'], // known as cheated already
    ['MINER_JOB_FAILED', cheater, randomUUID(), 'always_on.test'],
    ['MINER_JOB_REJECTED', cheater, randomUUID(), 'no.class'],
  ])
    await old.sql.query(
      'insert into validator_minerincident (type, hotkey_ss58address, job_uuid, executor_class) values ($1, $2, $3, $4)',
      [type, hotkey, uuid, executorClass],
    );
  const signers = { validator, miner };
  await old.addReceipts([started(signers), accepted(signers), finished(signers)], signers);
  await old.addReceipts([started(signers)], signers, { miner: null });
  await old.addReceipts([finished({ ...signers, at: Date.now() - 72 * hour })], signers); // too old
  // Many more than are read at once, of which each is looked at.
  await old.sql.query(
    `insert into receipts_jobacceptedreceipt (job_uuid, validator_hotkey, miner_hotkey, validator_signature,
       miner_signature, timestamp, time_accepted, ttl)
     select gen_random_uuid(), $1, $2, '0x', '0x', now(), now(), 1 from generate_series(1, 2000)`,
    [validator.address, miner.address],
  );
  // And many that are too old.
  await old.sql.query(
    `insert into receipts_jobstartedreceipt (job_uuid, validator_hotkey, miner_hotkey, validator_signature,
       miner_signature, timestamp, executor_class, is_organic, ttl)
     select gen_random_uuid(), $1, $2, '0x', '0x', now() - interval '3 days', 'always_on.test', true, 1
     from generate_series(1, 100000)`,
    [validator.address, miner.address],
  );
}

async function type(...words: string[]) {
  const printed: string[] = [];
  const errors: string[] = [];
  const logger = createLogger('validator');
  logger.level = 'silent';
  const context = new ValidatorContext(
    place.environment({}),
    (text) => printed.push(text),
    logger,
    new AbortController().signal,
  );
  const exitCode = await runCommand(validatorProgram, words, context, (text) => errors.push(text));
  return { exitCode, said: printed.join('\n'), complained: errors.join('\n') };
}
const takeOver = (...more: string[]) => type('take_over', old.url, ...more);

/** All that was taken over, but for the moments of it. */
const stored = async ({ query }: Pick<ValidatorPlace, 'query'>) => ({
  operators: await query('select name, role, password from operator order by name'),
  settings: await query('select key, source, items from dynamic_config order by key'),
  whitelist: await query('select hotkey from whitelisted_hotkey order by hotkey'),
  blacklist: await query('select hotkey, reason, expires_at from blacklisted_miner order by hotkey, reason'),
  cycles: await query('select cycle_start, cycle_end, state from cycle_weights order by cycle_start'),
  mainHotkeys: await query('select coldkey, cycle_start, hotkey from main_hotkey order by coldkey'),
  cheats: await query('select job_uuid, acted_at is not null as acted from cheat_report order by job_uuid'),
  slashings: await query(
    'select job_uuid, miner_hotkey, begun_at is not null as begun, outcome from slashing',
  ),
  incidents: await query('select hotkey, job_uuid, kind from miner_incident order by job_uuid'),
  receipts: await query(
    'select job_uuid, receipt_type, payload from receipt order by job_uuid, receipt_type',
  ),
  taken: await query('select kind, key from taken_over order by kind, key'),
  changes: await query('select action, subject, after::text from audit_entry order by id'),
});
const here = () => stored({ query: (text, values) => place.query(text, values) });

describe("taking over from ComputeHorde's validator", () => {
  it('takes what fits, says what stays there and why, and writes nothing there', async () => {
    const before = await old.fingerprint();
    const { exitCode, said, complained } = await takeOver();
    expect(complained).toBe('');
    const { host, pathname } = new URL(old.url);
    expect(said.split('\n')).toEqual([
      `From ${host}${pathname}, which was only read:`,
      '                     taken  here already  left there',
      'panel users              1             0           0',
      'settings                 3             1           2',
      'whitelisted hotkeys      1             0           1',
      'blacklisted miners       2             0           2',
      'weighted cycles          1             0           2',
      'main hotkeys             1             0           0',
      'cheated jobs             2             0           1',
      'slashed jobs             1             0           1',
      "miners' incidents        1             1           2",
      'receipts                 3             0        2001',
      'Left there:',
      '  settings, 1: DYNAMIC_BURN_PARTITION must be a number from 0 to 1 (DYNAMIC_BURN_PARTITION)',
      '  settings, 1: no setting here (DYNAMIC_MAX_WEIGHT)',
      "  whitelisted hotkeys, 1: no SS58 address ('; drop table job; --)",
      `  blacklisted miners, 1: there for a reason that is none here (${cheater} WHO KNOWS)`,
      '  blacklisted miners, 1: no SS58 address (no address)',
      `  weighted cycles, 2: no cycle of subnet 12 (-722, ${cycle.start + 1})`,
      expect.stringMatching(/^ {2}cheated jobs, 1: of no SS58 address \([-0-9a-f]{36}\)$/),
      expect.stringMatching(/^ {2}slashed jobs, 1: of no SS58 address \([-0-9a-f]{36}\)$/),
      "  miners' incidents, 1: perhaps the jobs' own doing",
      "  miners' incidents, 1: of no miner or class",
      '  receipts, 1: not signed by their miner',
      "  receipts, 2000: a signature that is not their validator's",
      expect.stringMatching(/^Starts empty: jobs, .* the allowance/),
    ]);
    expect(exitCode).toBe(0);
    expect(await old.fingerprint()).toEqual(before);
    const taken = await here();
    expect(taken).toMatchObject({
      operators: [{ name: 'admin', role: 'operate' }],
      whitelist: [{ hotkey: user }],
      mainHotkeys: [{ coldkey: cheater, cycle_start: cycle.start, hotkey: user }],
      slashings: [{ job_uuid: slashedJob, miner_hotkey: cheater, begun: true }],
    });
    expect(taken.settings).toEqual(
      [
        ['DYNAMIC_BURN_RATE', 0.25],
        ['DYNAMIC_EXECUTOR_CLASS_WEIGHTS', 'always_on.test=1'],
        ['DYNAMIC_MINIMUM_COLLATERAL_AMOUNT_WEI', '20000000000000001'],
      ].map(([key, value]) => ({ key, source: 'operator', items: [{ value, effectiveFrom: null }] })),
    );
    // Of two entries the longer one counts.
    const [cheated] = taken.blacklist as { expires_at: Date }[];
    expect(cheated!.expires_at.getTime()).toBeGreaterThan(Date.now() + hour);
    expect(
      new Map(
        (taken.incidents as { job_uuid: string; kind: string }[]).map(({ job_uuid, kind }) => [
          job_uuid,
          kind,
        ]),
      ),
    ).toEqual(
      new Map([
        [cheatedJob, 'cheated'],
        [slashedJob, 'cheated'],
        [declinedJob, 'declined'],
      ]),
    );
  });

  it('twice is once, and a dry run nothing', async () => {
    const nothing = await here();
    expect((await takeOver('--dry-run')).exitCode).toBe(0);
    expect(await here()).toEqual(nothing);
    await takeOver();
    const once = await here();
    expect((await takeOver()).exitCode).toBe(0);
    expect(await here()).toEqual(once);
  });

  it('hands in no weights for a cycle that is weighted', async () => {
    await takeOver();
    const { said } = await type('explain_weights', String(cycle.start));
    expect(said).toContain(
      `Blocks ${cycle.start} to ${cycle.end - 1}: taken over. ComputeHorde's validator has handed in`,
    );
    const validatorHere = await place.start({ FACILITATOR_URI: 'ws://127.0.0.1:1' });
    const window = { cycle, from: cycle.end + 100, until: cycle.end + 400 };
    expect(await validatorHere.get(WeightsStore, { strict: false }).claim(window)).toBeNull();
    await validatorHere.close();
  });

  it('leaves receipts for the next run while the chain cannot say whose count', async () => {
    await place.query('delete from known_validator');
    const { exitCode, said } = await takeOver();
    expect(exitCode).toBe(1);
    expect(said).toMatch(/^ {2}receipts: .*\.$/m);
    expect(said).toContain('whitelisted hotkeys      1             0           1');
    await know(place);
    expect((await takeOver()).said).toMatch(/^receipts +3 +0 +2001$/m);
  });

  it('shows afterwards what has happened since, for the way back', async () => {
    await takeOver();
    await place.query(
      `insert into cycle_weights (cycle_start, cycle_end, window_from, window_until, state, note, first_sent_block)
       values ($1, $2, 1, 2, 'confirmed', '', 1)`,
      [cycle.end, cycle.end + 722],
    );
    await type('blacklist_miner', user);
    const { said } = await type('changes_since_take_over');
    expect(said.split('\n').slice(1)).toEqual([
      'Jobs: none',
      'Receipts, made or fetched: none',
      'Cheated jobs: none',
      `Weights handed in for blocks ${cycle.end} to ${cycle.end + 721}: confirmed`,
      'Changed by operators:',
      expect.stringMatching(`^  \\S+Z  blacklist a miner: ${user}  nothing -> \\{"MANUAL"`),
    ]);
  });

  it('goes on where it was killed, and has then what one run has', async () => {
    await takeOver();
    const whole = await here();
    const again = await ValidatorPlace.make();
    await know(again);
    const bundle = await ServiceBundle.build('validator');
    const run = () => bundle.run(again.environment({}) as Record<string, string>, ['take_over', old.url]);
    const killed = run();
    await vi.waitFor(async () => expect(await again.query('select from taken_over')).not.toHaveLength(0), {
      timeout: 60_000,
      interval: 2,
    });
    await killed.kill('SIGKILL');
    expect(await run().ended()).toBe(0);
    expect(await stored({ query: (text, values) => again.query(text, values) })).toEqual(whole);
    await bundle.remove();
    await again.remove();
  });
});
