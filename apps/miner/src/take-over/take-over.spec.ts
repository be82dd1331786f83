import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Database, openDatabase } from '@horde/database';
import { ensureHotkey, Keypair } from '@horde/identity';
import { Operators } from '@horde/panel-server';
import { asJson, djangoHash, OldDatabase } from '@horde/testing/compute-horde/old-database';
import { createTestDatabase } from '@horde/testing/database';
import { accepted, finished, started } from '@horde/testing/receipts';
import { serve } from '@horde/testing/web-server';
import pg from 'pg';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { databaseOptions } from '../migrations/database-options.ts';
import { command, leastEnvironment } from '../testing/run-command.ts';

const [chainValidator, addedValidator, refusedValidator, goneValidator] = Array.from({ length: 4 }, () =>
  Keypair.generate(),
) as [Keypair, Keypair, Keypair, Keypair];
const day = 86_400_000;

let folder: string;
let miner: Keypair;
let old: OldDatabase;
let environment: Record<string, string>;
let sql: pg.Client;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'horde-take-over-'));
  miner = await ensureHotkey(path.join(folder, 'wallets/w/hotkeys/h'));
  old = await OldDatabase.start('miner');
  await fill();
  return async () => {
    await old.stop();
    await rm(folder, { recursive: true, force: true });
  };
});
beforeEach(async () => {
  const url = await createTestDatabase(databaseOptions);
  environment = {
    ...leastEnvironment(url),
    BITTENSOR_WALLET_DIRECTORY: path.join(folder, 'wallets'),
    LOCAL_RECEIPTS_ROOT: path.join(folder, 'receipts'),
    USE_CONTRACT_CONFIG: 'false',
    DYNAMIC_RECEIPT_TRANSFER_ENABLED: 'true',
  };
  sql = new pg.Client({ connectionString: url, options: '-c search_path=miner' });
  await sql.connect();
  return () => sql.end();
});

/** As a miner has it that has been there for a while, with rows that nobody would expect. */
async function fill(): Promise<void> {
  const password = djangoHash('correct horse battery');
  await old.addUser('admin', password, { superuser: true, staff: true });
  await old.addUser('reader', password, { staff: true });
  await old.addUser('nobody', password);
  await old.addUser('gone', password, { superuser: true, active: false });
  await old.addUser('machine', '!unusable', { superuser: true });
  await old.addUser(`o'hara"; drop table operator; --`, password, { superuser: true });
  await old.addUser('foreign', 'argon2$argon2id$v=19$m=1,t=1,p=1$c2FsdA$aGFzaA', { superuser: true });
  await old.addSetting('SERVING', asJson(false));
  await old.addSetting('DYNAMIC_EXECUTOR_STARTUP_TIME_LIMIT', asJson(7));
  await old.addSetting('DYNAMIC_PRELOAD_DOCKER_JOB_IMAGES', '["a/b:1"]');
  await old.addSetting('DYNAMIC_RECEIPT_TRANSFER_ENABLED', asJson('perhaps'));
  await old.addSetting('DYNAMIC_DUMMY', asJson(1));
  await old.addSetting(
    'MIGRATING',
    'gASVKwAAAAAAAACMBXBvc2l4lIwGc3lzdGVtlJOUjBB0b3VjaCAvdG1wL293bmVklIWUUpQu',
  );
  await old.addSetting('OLD_MINER_IP', null);
  await old.addSetting(`it's "odd"\u001b[2J`, asJson(1));
  const validators: [string, boolean, boolean][] = [
    [chainValidator.address, true, false],
    [addedValidator.address, true, true],
    [refusedValidator.address, false, false],
    [goneValidator.address, false, false],
    ['no address', true, false],
  ];
  for (const row of validators)
    await old.sql.query('insert into miner_validator (public_key, active, debug) values ($1, $2, $3)', row);
  await old.sql.query(
    'insert into miner_validatorblacklist (validator_id) select id from miner_validator where public_key = $1',
    [refusedValidator.address],
  );
  await fillReceipts();
}

async function fillReceipts(): Promise<void> {
  const signers = { validator: chainValidator, miner };
  // Microseconds count: they are signed.
  const odd = { ...signers, at: Date.now() + 0.123 };
  await old.addReceipts([started(signers), accepted(signers), finished(odd)], signers);
  await old.addReceipts([started(signers, { timestamp: '2026-01-01T00:00:00Z' })], signers); // too old
  await old.addReceipts([finished({ ...signers, at: Date.now() - 3 * day })], signers); // too old
  await old.addReceipts([finished({ ...signers, at: Date.now() + day })], signers);
  await old.addReceipts([started(signers)], signers, { miner: null });
  await old.addReceipts([started(signers)], signers, { validator: 'x' });
  await old.addReceipts([accepted(signers)], signers, { miner: miner.signHex('something else') });
  const foreign = { validator: chainValidator, miner: Keypair.generate() };
  await old.addReceipts([finished(foreign)], foreign);
  await old.addReceipts(
    [finished(signers, { block_numbers: Array.from({ length: 40_000 }, (_, block) => block) })],
    signers,
  );
  await old.sql.query(
    `insert into receipts_jobstartedreceipt (job_uuid, validator_hotkey, miner_hotkey, validator_signature,
       miner_signature, timestamp, executor_class, is_organic, ttl)
     values (gen_random_uuid(), '', $1, '', '', 'infinity', 'no class', true, -1)`,
    [miner.address],
  );
}

const takeOver = (...more: string[]) => command(environment, ['take_over', old.url, ...more]);
const rows = async <T extends object>(query: string): Promise<T[]> => (await sql.query<T>(query)).rows;

/** All that was taken over, but for the moments of it. */
async function stored(): Promise<unknown> {
  return {
    operators: await rows('select name, role, password from operator order by name'),
    settings: await rows('select key, source, items from dynamic_config order by key'),
    validators: await rows('select hotkey, active, debug, blacklisted from validator order by hotkey'),
    receipts: await rows(
      'select job_uuid, receipt_type, payload, page from receipt order by job_uuid, receipt_type',
    ),
    taken: await rows('select kind, key from taken_over order by kind, key'),
    changes: await rows('select action, subject, before::text, after::text from audit_entry order by id'),
  };
}

describe("taking over from ComputeHorde's miner", () => {
  it('takes what fits, and says of each kind how much stays there and why', async () => {
    const { exitCode, said, complained } = await takeOver();
    expect(complained).toBe('');
    expect(exitCode).toBe(0);
    expect(said.split('\n').slice(1, 6)).toEqual([
      '             taken  here already  left there',
      'panel users      2             0           5',
      'settings         3             0           5',
      'validators       3             0           2',
      'receipts         3             0           7',
    ]);
    const { host, pathname } = new URL(old.url);
    expect(said).toContain(`From ${host}${pathname}, which was only read:`);
    expect(said.split('\n').slice(6)).toEqual([
      'Left there:',
      '  panel users, 1: neither staff nor superuser there (nobody)',
      '  panel users, 1: not active there (gone)',
      '  panel users, 1: no password there (machine)',
      `  panel users, 1: no name for an account here (o'hara"; drop table operator; --)`,
      '  panel users, 1: no password of a kind that can be checked here (foreign)',
      `  settings, 4: no setting here (DYNAMIC_DUMMY, MIGRATING, OLD_MINER_IP, it's "odd"?[2J)`,
      '  settings, 1: DYNAMIC_RECEIPT_TRANSFER_ENABLED must be true or false (DYNAMIC_RECEIPT_TRANSFER_ENABLED)',
      `  validators, 1: neither active nor blacklisted there (${goneValidator.address})`,
      '  validators, 1: no SS58 address (no address)',
      '  receipts, 1: not signed by their miner',
      '  receipts, 1: not of the form of receipts',
      "  receipts, 1: a signature that is not their validator's",
      "  receipts, 1: a signature that is not their miner's",
      '  receipts, 1: too long',
      '  receipts, 1: of a time to come',
      '  receipts, 1: of another miner',
      'SERVING is false there, and so it is here: set_dynamic_config SERVING true, when this one is to take its place.',
      'Starts empty: jobs, those that ran among them; the old service has to be stopped first, so that none does.',
    ]);
    expect(said).not.toContain(new URL(old.url).password);
  });

  it('lets a user of the old panel in with the password that it has, and with no other', async () => {
    await takeOver();
    const database = new Database(await openDatabase(databaseOptions(environment['DATABASE_URL']!)));
    const operators = new Operators(database);
    expect(await operators.verified('admin', 'wrong horse battery')).toBeNull();
    expect(await operators.verified('admin', 'correct horse battery')).toMatchObject({ role: 'operate' });
    expect(await operators.verified('reader', 'correct horse battery')).toMatchObject({ role: 'read' });
    await database.dataSource.destroy();
    expect(await rows(`select name from operator where password like '$argon2id$%' order by name`)).toEqual([
      { name: 'admin' },
      { name: 'reader' },
    ]);
  });

  it('writes nothing there, and twice is once', async () => {
    const before = await old.fingerprint();
    await takeOver();
    const once = await stored();
    const { exitCode, said } = await takeOver();
    expect(exitCode).toBe(0);
    expect(said).toContain('panel users      0             2           5');
    expect(said).toContain('receipts         0             3           7');
    expect(await stored()).toEqual(once);
    expect(await old.fingerprint()).toEqual(before);
  });

  it('a dry run says the same, and writes nothing here either', async () => {
    const before = await stored();
    const { exitCode, said } = await takeOver('--dry-run');
    expect(exitCode).toBe(0);
    expect(said).toContain('panel users        2             0           5');
    expect(said).toContain('Nothing was written: this was a dry run.');
    expect(await stored()).toEqual(before);
  });

  it('leaves alone what was removed or changed here since', async () => {
    await takeOver();
    await command(environment, ['remove_admin', 'reader']);
    await command(environment, ['unset_dynamic_config', 'DYNAMIC_EXECUTOR_STARTUP_TIME_LIMIT']);
    await command(environment, ['set_dynamic_config', 'SERVING', 'true']);
    await command(environment, ['unblacklist_validator', refusedValidator.address]);
    const before = await stored();
    await takeOver();
    expect(await stored()).toEqual(before);
  });

  it('has the receipts on the pages of their time: they are not shown again as new ones', async () => {
    await takeOver();
    const pages = await rows(
      'select page from receipt where page between extract(epoch from now()) / 300 - 3 and extract(epoch from now()) / 300 + 1',
    );
    expect(pages).toHaveLength(3);
  });

  it('leaves to their source the settings that it says, there as here', async () => {
    const { url } = await serve((_, response) =>
      response.end(JSON.stringify({ DYNAMIC_EXECUTOR_STARTUP_TIME_LIMIT: { items: [{ value: 9 }] } })),
    );
    environment['DYNAMIC_CONFIG_URL'] = url;
    const { said } = await takeOver();
    expect(said).toContain(
      'settings, 1: said by its source, here as there (DYNAMIC_EXECUTOR_STARTUP_TIME_LIMIT)',
    );
    const keys = await rows('select key from dynamic_config order by key');
    expect(keys).toEqual([{ key: 'DYNAMIC_PRELOAD_DOCKER_JOB_IMAGES' }, { key: 'SERVING' }]);
  });

  it('leaves them, and ends with 1, while their source cannot be asked', async () => {
    environment['DYNAMIC_CONFIG_URL'] = 'http://127.0.0.1:1';
    const { exitCode, said } = await takeOver();
    expect(exitCode).toBe(1);
    expect(said).toContain('Not all could be looked at; run take_over again:');
    expect(said).toContain('settings, 3: perhaps said by its source, which cannot be asked');
    expect(await rows('select key from dynamic_config')).toEqual([{ key: 'SERVING' }]);
  });

  it('shows afterwards what has happened since, for the way back', async () => {
    expect((await command(environment, ['changes_since_take_over'])).said).toBe(
      'Nothing was taken over here: there is no moment to count from.',
    );
    await takeOver();
    const since = async () => (await command(environment, ['changes_since_take_over'])).said.split('\n');
    expect((await since()).slice(1)).toEqual([
      'Jobs: none',
      'Receipts: none',
      'Nobody has changed accounts, lists or settings.',
    ]);
    await command(environment, ['set_dynamic_config', 'SERVING', 'true']);
    await command(environment, ['blacklist_validator', chainValidator.address]);
    await command(environment, ['debug_create_random_receipts', '2']);
    const [, , receipts, , setting, list] = await since();
    expect(receipts).toMatch(/^Receipts: \d+ /);
    expect(setting).toMatch(
      /^ {2}\S+Z {2}change a setting: SERVING {2}\{"value":false,"from":"operator"\} -> \{"value":true,/,
    );
    expect(list).toContain(`blacklist a validator: ${chainValidator.address}`);
  });
});

describe('what is no database of a miner', () => {
  it('is refused where it is no Postgres, is away, or is of something else, and no password is said', async () => {
    const empty = await createTestDatabase();
    const run = (url: string) => command(environment, ['take_over', url]);
    expect(await run('sqlite:x')).toMatchObject({ exitCode: 2 });
    expect(await run('nothing')).toMatchObject({ exitCode: 2 });
    const away = await run('postgres://u:secret@127.0.0.1:1/x');
    expect(away.exitCode).toBe(1);
    expect(away.complained).toMatch(/^The database at 127\.0\.0\.1:1\/x cannot be read: .*ECONNREFUSED/);
    expect(away.complained).not.toContain('secret');
    const other = await run(empty);
    expect(other.exitCode).toBe(1);
    expect(other.complained).toContain(
      'is not that of a miner of ComputeHorde: it has no table miner_validator.',
    );
    expect(await rows('select from taken_over')).toEqual([]);
  });
});
