import { pbkdf2Sync } from 'node:crypto';
import { Database, openDatabase } from '@horde/database';
import { createTestDatabase } from '@horde/testing/database';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createPanelTables, dropPanelTables } from '../tables.ts';
import { Operators } from './operators.ts';

/** What passwords were derived by: argon2, and iterations of Django's. */
const work = vi.hoisted(() => ({ argon2: 0, iterations: 0 }));
vi.mock('node:crypto', async (original) => {
  const crypto = await original<typeof import('node:crypto')>();
  return {
    ...crypto,
    argon2: (...given: Parameters<typeof crypto.argon2>) => {
      work.argon2++;
      crypto.argon2(...given);
    },
    pbkdf2: (...given: Parameters<typeof crypto.pbkdf2>) => {
      work.iterations += given[2];
      crypto.pbkdf2(...given);
    },
  };
});

class CreatePanel1700000000000 implements MigrationInterface {
  up = (runner: QueryRunner) => createPanelTables(runner);
  down = (runner: QueryRunner) => dropPanelTables(runner);
}

let database: Database;
let operators: Operators;
beforeAll(async () => {
  const url = await createTestDatabase();
  database = new Database(
    await openDatabase({ service: 'panel', url, entities: [], migrations: [CreatePanel1700000000000] }),
  );
  operators = new Operators(database);
});
afterAll(() => database?.dataSource.destroy());

const stored = async (name: string) => {
  const [row] = await database.manager.query<{ password: string }[]>(
    'select password from operator where name = $1',
    [name],
  );
  return row?.password;
};

/** As Django's own function has it. */
const django = (password: string, iterations = 1_000, salt = 'a salt, of Django') =>
  `pbkdf2_sha256$${iterations}$${salt}$${pbkdf2Sync(password, salt, iterations, 32, 'sha256').toString('base64')}`;

const takeOver = (name: string, password: string) =>
  database.transaction((tx) => operators.takeOver(tx, { name, role: 'operate', password }));

describe("a password of ComputeHorde's panel", () => {
  it('of its Python is one here', async () => {
    // Made by hashlib.pbkdf2_hmac, with as many iterations as Django 4.2.
    const made = 'pbkdf2_sha256$600000$salt12345678901234567ab$neo9A3DEhOAIi6LwoAzR4bUN32XeASl3ROKA3sUKh0I=';
    expect(await takeOver('python', made)).toBeNull();
    expect(await operators.verified('python', 'correct horse battery')).toMatchObject({ name: 'python' });
  });

  it('is known at the first login, and kept in our own form since', async () => {
    expect(await takeOver('cook', django('correct horse battery'))).toBeNull();
    expect(await operators.verified('cook', 'correct horse batterie')).toBeNull();
    expect(await stored('cook')).toMatch(/^pbkdf2_sha256\$/);
    const cook = { name: 'cook', role: 'operate', mustChangePassword: false };
    expect(await operators.verified('cook', 'correct horse battery')).toEqual(cook);
    expect(await stored('cook')).toMatch(/^\$argon2id\$/);
    expect(await operators.verified('cook', 'correct horse battery')).toEqual(cook);
    expect(await operators.verified('cook', 'correct horse batterie')).toBeNull();
  });

  it('takes the work of the slowest that was taken over, whether there is an account or not', async () => {
    await database.manager.query('delete from operator');
    await operators.create({ name: 'own', role: 'read', password: 'a password of ours' }, null);
    const workOf = async (name: string) => {
      Object.assign(work, { argon2: 0, iterations: 0 });
      expect(await operators.verified(name, 'a wrong password')).toBeNull();
      return { ...work };
    };
    for (const name of ['own', 'nobody']) expect(await workOf(name)).toEqual({ argon2: 1, iterations: 0 });
    await takeOver('slow', django('correct horse battery', 3_000));
    await takeOver('fast', django('correct horse battery', 1_000));
    for (const name of ['own', 'nobody', 'slow', 'fast'])
      expect(await workOf(name), name).toEqual({ argon2: 1, iterations: 3_000 });
    await operators.verified('slow', 'correct horse battery');
    for (const name of ['own', 'nobody', 'slow', 'fast'])
      expect(await workOf(name), name).toEqual({ argon2: 1, iterations: 1_000 });
  });

  it('is to be changed where it is shorter than any that is set here', async () => {
    await takeOver('short', django('kürz'));
    expect(await operators.verified('short', 'kürz')).toMatchObject({ mustChangePassword: true });
    expect(await operators.verified('short', 'kürz')).toMatchObject({ mustChangePassword: true });
  });

  it('stays as it is where it was changed while it was checked', async () => {
    await takeOver('changed', django('correct horse battery', 200_000));
    const login = operators.verified('changed', 'correct horse battery');
    await operators.setPassword('changed', 'another long password', null);
    await login;
    expect(await operators.verified('changed', 'correct horse battery')).toBeNull();
    expect(await operators.verified('changed', 'another long password')).toMatchObject({ name: 'changed' });
  });

  it.each([
    ['that can be none', '!unusable'],
    ['of another kind', 'argon2$argon2id$v=19$m=102400,t=2,p=8$c2FsdA$aGFzaA'],
    ['that would take hours to check', django('x', 1).replace('$1$', '$9999999$')],
    ['without iterations', django('x', 1).replace('$1$', '$0$')],
    ['of another length', 'pbkdf2_sha256$1$salt$YQ=='],
    ['that is nothing', ''],
  ])('%s is not taken over', async (_, password) => {
    expect(await takeOver('nobody', password)).toBe('no password of a kind that can be checked here');
    expect(await stored('nobody')).toBeUndefined();
  });

  it('does not replace the one of an account that is here', async () => {
    await operators.create({ name: 'here', role: 'read', password: 'a password of ours' }, null);
    expect(await takeOver('here', django('correct horse battery'))).toBe(
      'an account of this name is here already',
    );
    expect(await operators.verified('here', 'correct horse battery')).toBeNull();
    expect(await operators.verified('here', 'a password of ours')).toMatchObject({ role: 'read' });
  });

  it.each(["o'hara", 'müller', 'a b', '5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty'])(
    'of %s has no account here',
    async (name) => {
      expect(await takeOver(name, django('correct horse battery'))).toBe('no name for an account here');
    },
  );
});
