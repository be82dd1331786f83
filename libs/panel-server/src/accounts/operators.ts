import { Injectable } from '@nestjs/common';
import { Database, type Transaction } from '@horde/database';
import type { OperatorRole } from '@horde/panel-api';
import { isSs58 } from '@horde/identity';
import { errors } from '@horde/protocol';
import { recordChange, type Author } from '../audit.ts';
import { isDjangoHash } from './django-passwords.ts';
import { hashOf, isOwnHash, isPassword, maxPasswordLength, minPasswordLength } from './passwords.ts';

export interface Operator {
  name: string;
  role: OperatorRole;
  /** Whether the password is to be changed before anything else. */
  mustChangePassword: boolean;
}

export interface NewOperator {
  name: string;
  role: OperatorRole;
  password: string;
  mustChangePassword?: boolean;
}

const columns = 'name, role, must_change_password as "mustChangePassword"';

/** The accounts of a service's panel. They are made, changed and removed by commands. */
@Injectable()
export class Operators {
  constructor(private readonly database: Database) {}

  all(): Promise<(Operator & { createdAt: Date })[]> {
    return this.database.manager.query(
      `select ${columns}, created_at as "createdAt" from operator order by created_at, name`,
    );
  }

  async exist(): Promise<boolean> {
    const rows: unknown[] = await this.database.manager.query('select from operator limit 1');
    return rows.length > 0;
  }

  /** @throws HordeError OPERATOR_EXISTS, OPERATOR_NAME_UNFIT, PASSWORD_UNFIT */
  async create(operator: NewOperator, by: Author): Promise<void> {
    const { name } = operator;
    if (!isFitName(name)) throw errors.OPERATOR_NAME_UNFIT();
    const password = await storedPassword(operator.password);
    await this.database.transaction(async (tx) => {
      if (!(await insert(tx, { ...operator, password }, by))) throw errors.OPERATOR_EXISTS(name);
    });
  }

  /** As `create`, where there is no account at all. Of several processes one makes it. */
  async createFirst(operator: NewOperator): Promise<boolean> {
    if (await this.exist()) return false;
    const password = await storedPassword(operator.password);
    return this.database.transaction(async (tx) => {
      await tx.manager.query('lock table operator in share row exclusive mode');
      const [row] = await tx.manager.query<unknown[]>('select from operator limit 1');
      return !row && insert(tx, { ...operator, password }, null);
    });
  }

  /**
   * Makes an account whose password nobody here knows: what Django has stored of it is kept until the first login.
   *
   * @param operator `password`: what Django has stored, `pbkdf2_sha256$…`
   * @returns why there is none, without a verb; null: it was made
   */
  async takeOver(tx: Transaction, operator: NewOperator): Promise<string | null> {
    if (!isFitName(operator.name)) return 'no name for an account here';
    if (!isDjangoHash(operator.password)) return 'no password of a kind that can be checked here';
    const made = await insert(tx, operator, null, 'take over an account');
    return made ? null : 'an account of this name is here already';
  }

  /** All of its logins end. @throws HordeError OPERATOR_UNKNOWN, PASSWORD_UNFIT */
  async setPassword(name: string, password: string, by: Author): Promise<void> {
    const stored = await storedPassword(password);
    await this.database.transaction(async (tx) => {
      await this.require(tx, name);
      await tx.manager.query(
        `with ended as (delete from operator_session where operator = $1)
         update operator set password = $2, must_change_password = false where name = $1`,
        [name, stored],
      );
      await recordChange(tx, { by, action: 'change a password', subject: name, before: null, after: null });
    });
  }

  /** @throws HordeError OPERATOR_UNKNOWN */
  async setRole(name: string, role: OperatorRole, by: Author): Promise<void> {
    await this.database.transaction(async (tx) => {
      const before = await this.require(tx, name);
      await tx.manager.query('update operator set role = $2 where name = $1', [name, role]);
      const change = { before: { role: before.role }, after: { role } };
      await recordChange(tx, { by, action: 'change a role', subject: name, ...change });
    });
  }

  /** Its logins end. @throws HordeError OPERATOR_UNKNOWN */
  async remove(name: string, by: Author): Promise<void> {
    await this.database.transaction(async (tx) => {
      const { role } = await this.require(tx, name);
      await tx.manager.query('delete from operator where name = $1', [name]);
      await recordChange(tx, {
        by,
        action: 'remove an account',
        subject: name,
        before: { role },
        after: null,
      });
    });
  }

  /** The account with this name and password; null: there is none. @throws TooManyPasswords */
  async verified(name: string, password: string): Promise<Operator | null> {
    const [row] = await this.database.manager.query<(Operator & { password: string })[]>(
      `select ${columns}, password from operator where name = $1`,
      [name],
    );
    const given = password.slice(0, maxPasswordLength);
    if (!(await isPassword(given, row?.password ?? null, await this.djangoIterations())) || !row) return null;
    const { password: stored, ...operator } = row;
    return isOwnHash(stored) ? operator : this.rehash(operator, stored, password);
  }

  /** Of the slowest password that was taken over, as long as it is not replaced. */
  private async djangoIterations(): Promise<number> {
    const [{ iterations } = { iterations: 0 }] = await this.database.manager.query<{ iterations: number }[]>(
      `select coalesce(max(split_part(password, '$', 2)::int), 0) as iterations
       from operator where password like 'pbkdf2_sha256$%'`,
    );
    return iterations;
  }

  /** Replaces what was taken over of a password, which is known now. One that is too short is to be changed. */
  private async rehash(operator: Operator, stored: string, password: string): Promise<Operator> {
    const mustChangePassword = password.length < minPasswordLength;
    await this.database.manager.query(
      'update operator set password = $3, must_change_password = $4 where name = $1 and password = $2',
      [operator.name, stored, await hashOf(password), mustChangePassword],
    );
    return { ...operator, mustChangePassword };
  }

  private async require({ manager }: Transaction, name: string): Promise<Operator> {
    const [row] = await manager.query<Operator[]>(
      `select ${columns} from operator where name = $1 for update`,
      [name],
    );
    if (!row) throw errors.OPERATOR_UNKNOWN(name.slice(0, 150));
    return row;
  }
}

/** A hotkey is the name of its own logins. */
const isFitName = (name: string): boolean => /^[\w.@+-]{1,150}$/.test(name) && !isSs58(name);

/** @throws HordeError PASSWORD_UNFIT */
async function storedPassword(password: string): Promise<string> {
  if (password.length < minPasswordLength || password.length > maxPasswordLength)
    throw errors.PASSWORD_UNFIT(minPasswordLength, maxPasswordLength);
  return hashOf(password);
}

/** @param operator with what is stored of its password. @returns false when there is one of this name */
async function insert(
  tx: Transaction,
  { name, role, password, mustChangePassword = false }: NewOperator,
  by: Author,
  action = 'make an account',
): Promise<boolean> {
  const made = await tx.manager.query<unknown[]>(
    `insert into operator (name, role, password, must_change_password) values ($1, $2, $3, $4)
     on conflict (name) do nothing returning name`,
    [name, role, password, mustChangePassword],
  );
  if (made.length === 0) return false;
  await recordChange(tx, { by, action, subject: name, before: null, after: { role } });
  return true;
}
