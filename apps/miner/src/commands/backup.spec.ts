import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createTestDatabase } from '@horde/testing/database';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { databaseOptions } from '../migrations/database-options.ts';
import { command, leastEnvironment } from '../testing/run-command.ts';

let folder: string;
let environment: Record<string, string>;
const key = () => path.join(folder, 'backup.key');

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'horde-miner-backup-'));
  environment = leastEnvironment(await createTestDatabase(databaseOptions));
});
afterAll(() => rm(folder, { recursive: true }));

/** Every row of every table, but for when work was done last. */
async function everything(url: string): Promise<Record<string, unknown[]>> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query<{ name: string }>(
    `select table_name as name from information_schema.tables where table_schema = 'miner' and table_type = 'BASE TABLE'`,
  );
  const all: Record<string, unknown[]> = {};
  for (const { name } of rows)
    all[name] = (await client.query(`select t::text from miner."${name}" t order by 1`)).rows;
  await client.end();
  return all;
}

it('what a miner has to remember comes back on another host, from a file that nobody reads without the key', async () => {
  const places = { BACKUP_FOLDER: path.join(folder, 'kept') };
  expect(await command(environment, ['back_up'])).toMatchObject({ exitCode: 2 });
  expect((await command({ ...environment, ...places }, ['back_up'])).complained).toContain('make_backup_key');

  const made = await command(environment, ['make_backup_key', key()]);
  expect(made.said).toMatch(/^BACKUP_KEYS=age1[0-9a-z]{58}\n/);
  expect((await stat(key())).mode & 0o777).toBe(0o600);
  expect((await command(environment, ['make_backup_key', key()])).complained).toContain('cannot be written');
  const withPlaces = { ...environment, ...places, BACKUP_KEYS: made.said.split('\n')[0]!.split('=')[1]! };

  const environmentOfAdmin = { ...withPlaces, ADMIN_PASSWORD: 'a long password of mine' };
  await command(withPlaces, ['set_dynamic_config', 'DYNAMIC_PRELOAD_DOCKER_JOB_IMAGES', 'busybox']);
  await command(environmentOfAdmin, [
    'debug_add_validator',
    '5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY',
  ]);
  const before = await everything(environment['DATABASE_URL']!);
  expect(Object.values(before).filter((rows) => rows.length > 0).length).toBeGreaterThan(3);

  const kept = await command(withPlaces, ['back_up']);
  const [name] = await readdir(places.BACKUP_FOLDER);
  expect(kept).toMatchObject({
    exitCode: 0,
    said: expect.stringContaining(`${places.BACKUP_FOLDER}/${name} has `),
  });
  const file = path.join(places.BACKUP_FOLDER, name!);
  expect((await readFile(file)).includes('busybox')).toBe(false);

  const elsewhere = { ...environment, DATABASE_URL: await createTestDatabase() };
  const restored = await command(elsewhere, ['restore', file, '--key', key()]);
  expect(restored.exitCode, restored.complained).toBe(0);
  expect(restored.said).toMatch(/^The miner has again what it had at \d{4}-/);
  expect(await everything(elsewhere.DATABASE_URL)).toEqual(before);

  const again = await command(elsewhere, ['restore', file, '--key', key()]);
  expect(again).toMatchObject({ exitCode: 1, complained: expect.stringContaining('--replace') });
  expect(await command(elsewhere, ['restore', file, '--key', key(), '--replace'])).toMatchObject({
    exitCode: 0,
  });
  expect(await everything(elsewhere.DATABASE_URL)).toEqual(before);
});

it('what is typed wrongly is said, and nothing is written', async () => {
  const wrong = async (...words: string[]) => (await command(environment, words)).complained;
  expect(await wrong('restore', '/nowhere')).toContain('--key FILE');
  expect(await wrong('restore', '/nowhere', '--key', '/nowhere.key')).toContain(
    '/nowhere.key cannot be read',
  );
  expect(await wrong('restore', '/nowhere', '--key', import.meta.filename)).toContain('has no key');
  expect(await wrong('restore', '/nowhere', '--key', key())).toContain('/nowhere cannot be read');
  expect(await wrong('restore', key(), '--key', key())).toContain('cannot be decrypted with this key');
});
