import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Keypair } from '@horde/identity';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase } from '@horde/testing/database';
import { serve } from '@horde/testing/web-server';
import { command, leastEnvironment } from '../testing/run-command.ts';

let environment: Record<string, string>;
let receipts: string;
let sql: pg.Client;

beforeAll(async () => {
  receipts = await mkdtemp(path.join(tmpdir(), 'horde-miner-commands-'));
  const databaseUrl = await createTestDatabase();
  environment = {
    ...leastEnvironment(databaseUrl),
    LOCAL_RECEIPTS_ROOT: receipts,
    DYNAMIC_RECEIPT_TRANSFER_ENABLED: 'true',
  };
  await run('fetch_dynamic_config'); // makes the tables
  sql = new pg.Client({ connectionString: databaseUrl, options: '-c search_path=miner' });
  await sql.connect();
});
afterAll(async () => {
  await sql?.end();
  await rm(receipts, { recursive: true, force: true });
});

const run = (...words: string[]) => command(environment, words);
const rows = async (query: string) => (await sql.query(query)).rows as unknown[];

it('send_test_alert tells the webhook, and says who was not told', async () => {
  const { url, received } = await serve((_, response) => response.end());
  expect(await run('send_test_alert')).toMatchObject({ exitCode: 1 });
  const told = await command({ ...environment, ALERT_WEBHOOK_URL: `${url}/secret` }, ['send_test_alert']);
  expect(told).toMatchObject({ exitCode: 0, said: `Told: the webhook at ${new URL(url).host}.` });
  expect(JSON.parse(received[0]!.body.toString())).toMatchObject({ status: 'test', service: 'miner' });
  const nowhere = {
    ...environment,
    ALERT_MAIL_SERVER: 'smtp://a:secret@127.0.0.1:1',
    ALERT_MAIL_TO: 'a@b.example',
  };
  const untold = await command(nowhere, ['send_test_alert']);
  expect(untold.exitCode).toBe(1);
  expect(untold.said).toMatch(
    /^Not told: the mail server at 127\.0\.0\.1:1\. It does not take the mail: [^\n]*\.$/,
  );
  expect(untold.said).not.toContain('secret');
});

describe('what is typed', () => {
  it("--help names all of ComputeHorde's commands, and needs no settings", async () => {
    const { exitCode, said } = await command({}, ['--help']);
    expect(exitCode).toBe(0);
    for (const name of [
      'self_test',
      'liveness_check',
      'announce_address_and_port',
      'fetch_validators',
      'debug_add_validator',
      'archive_receipt_pages',
      'evict_old_data',
      'prepare_receipts',
      'debug_create_random_receipts',
      'fetch_dynamic_config',
      'doctor',
    ])
      expect(said).toMatch(new RegExp(`^  ${name}\\b`, 'm'));
  });

  it('each command explains itself', async () => {
    const { exitCode, said } = await command({}, ['debug_create_random_receipts', '--help']);
    expect(exitCode).toBe(0);
    expect(said).toContain('Usage: miner debug_create_random_receipts [options] <count>');
    expect(said).toContain('--interval <seconds>');
  });

  it.each([
    [['serve'], "error: unknown command 'serve'"],
    [['fetch_validator'], 'Did you mean fetch_validators?'],
    [['debug_add_validator'], "error: missing required argument 'hotkey'"],
    [['evict_old_data', 'now'], 'error: too many arguments'],
    [['doctor', '--jsn'], "error: unknown option '--jsn'"],
    [['self_test', '--weights_version', 'new'], '"new" is not a weights version.'],
    [['self_test', '--weights-version', '-1'], '"-1" is not a weights version.'],
    [['debug_add_validator', 'nobody'], '"nobody" is not an SS58 address.'],
    [['debug_create_random_receipts', 'many'], '"many" is not a number of receipts.'],
    [['debug_create_random_receipts', '1', '--interval', 'x'], '"x" is not a number of seconds.'],
  ])('a mistake ends with 2 and a sentence: %j', async (words, sentence) => {
    const { exitCode, complained } = await run(...words);
    expect(complained).toContain(sentence);
    expect(exitCode).toBe(2);
  });

  it('missing settings end with 2 and a sentence each', async () => {
    const { exitCode, complained } = await command({}, ['evict_old_data']);
    expect(exitCode).toBe(2);
    expect(complained.split('\n')).toContain('DATABASE_URL is not set, and it must be.');
  });

  it('a database that is away ends with 1 and a sentence', async () => {
    const away = { ...environment, DATABASE_URL: 'postgres://u:p@127.0.0.1:1/x' };
    const { exitCode, complained } = await command(away, ['evict_old_data']);
    expect(exitCode).toBe(1);
    expect(complained).toMatch(/^The database of miner cannot be used: .*ECONNREFUSED/);
  });
});

describe('validators', () => {
  it('one is added by hand, put on the blacklist, and taken off it', async () => {
    const { address } = Keypair.generate();
    const row = async () => (await rows(`select active, blacklisted from validator`))[0];
    await run('debug_add_validator', address);
    expect(await row()).toEqual({ active: true, blacklisted: false });
    await run('blacklist_validator', address);
    expect(await row()).toEqual({ active: true, blacklisted: true });
    expect((await run('unblacklist_validator', address)).said).toBe(
      `Jobs of the validator ${address} are taken again.`,
    );
    expect(await row()).toEqual({ active: true, blacklisted: false });
  });

  it('a chain that is away is said, and nothing is changed', async () => {
    const away = { ...environment, PYLON_ADDRESS: 'http://127.0.0.1:1' };
    const { exitCode, complained } = await command(away, ['fetch_validators']);
    expect(exitCode).toBe(1);
    expect(complained).toMatch(/^Pylon at http:\/\/127\.0\.0\.1:1 does not answer/);
  });
});

describe('dynamic settings', () => {
  it('one is changed, shown, and given back', async () => {
    expect((await run('set_dynamic_config', 'SERVING', 'false')).said).toBe(
      'SERVING is false from now on, whatever its source says.',
    );
    await run('set_dynamic_config', 'DYNAMIC_PRELOAD_DOCKER_JOB_IMAGES', '["a/b:1"]');
    expect((await run('fetch_dynamic_config')).said.split('\n')).toEqual([
      'SERVING=false (operator)',
      'DYNAMIC_RECEIPT_TRANSFER_ENABLED=true (environment)',
      'DYNAMIC_EXECUTOR_STARTUP_TIME_LIMIT=5 (default)',
      'DYNAMIC_PRELOAD_DOCKER_JOB_IMAGES=["a/b:1"] (operator)',
    ]);
    expect((await run('unset_dynamic_config', 'SERVING')).said).toBe('SERVING is true again (default).');
  });

  it.each([
    [['SERVING', 'maybe'], 'maybe is not JSON'],
    [['SERVING', '"yes"'], 'SERVING must be true or false.'],
    [['OTHER', '1'], 'There is no key OTHER; there are SERVING, '],
  ])('one is not changed to what it cannot be: %j', async (words, sentence) => {
    const { exitCode, complained } = await run('set_dynamic_config', ...words);
    expect(complained).toContain(sentence);
    expect(exitCode).toBe(2);
  });
});

describe('receipts', () => {
  it('made-up ones are stored and put on a page; the page comes back when it is lost', async () => {
    expect((await run('debug_create_random_receipts', '5', '--interval', '0.01')).said).toBe(
      'Receipts stored: 5.',
    );
    expect(await rows('select 1 from receipt where page is not null')).toHaveLength(5);
    await rm(receipts, { recursive: true });
    expect((await run('prepare_receipts')).said).toBe('All receipts are on pages.');
    expect((await run('archive_receipt_pages')).said).toBe('Receipt pages compressed: 0.');
  });

  it('those that are on no page because of the folder are not told to be', async () => {
    const file = path.join(receipts, 'file');
    await writeFile(file, '');
    const blocked = { ...environment, LOCAL_RECEIPTS_ROOT: path.join(file, 'receipts') };
    const { exitCode, said, complained } = await command(blocked, ['debug_create_random_receipts', '1']);
    expect(said).toBe('Receipts stored: 1.');
    expect(complained).toMatch(
      /^Receipts that are not on a page: 1\. .*LOCAL_RECEIPTS_ROOT cannot be used: ENOTDIR/,
    );
    expect(exitCode).toBe(1);
    await rm(file);
    expect((await run('prepare_receipts')).said).toBe('All receipts are on pages.');
  });

  it('old ones are removed', async () => {
    await rows(`update receipt set stored_at = now() - interval '3 days'`);
    expect((await run('evict_old_data')).said).toBe('Removed: 6 receipts, 0 jobs, 0 receipt pages.');
    expect(await rows('select 1 from receipt')).toEqual([]);
  });

  it('nothing is put on pages where there are none', async () => {
    const none = { ...environment, DYNAMIC_RECEIPT_TRANSFER_ENABLED: 'false' };
    expect((await command(none, ['prepare_receipts'])).said).toMatch(/^No receipt pages are written/);
  });
});

it('an address is not announced for a port that is not known', async () => {
  const { exitCode, complained } = await command({ ...environment, BITTENSOR_MINER_PORT: '0' }, [
    'announce_address_and_port',
  ]);
  expect(exitCode).toBe(1);
  expect(complained).toMatch(/^BITTENSOR_MINER_PORT is 0/);
});
