import type { Database, Transaction } from '@horde/database';

/** Who changes something: the name of an account; null: a command of the service, or the service itself. */
export type Author = string | null;

/** So many changes are kept; older ones are forgotten. */
export const keptChanges = 100_000;

export interface Change {
  by: Author;
  /** What was done, for people: `whitelist a hotkey`. */
  action: string;
  /** What it was done to: a hotkey, a job's uuid. */
  subject: string;
  /** What was there before; null: nothing. Never a secret. */
  before: object | null;
  /** What is there since; null: nothing. Never a secret. */
  after: object | null;
}

export interface RecordedChange extends Change {
  id: string;
  at: Date;
}

/** Records a change, in the transaction that makes it. */
export async function recordChange({ manager }: Transaction, change: Change): Promise<void> {
  const json = (value: object | null) => value && JSON.stringify(value);
  await manager.query(
    `with new as (
       insert into audit_entry (operator, action, subject, before, after) values ($1, $2, $3, $4, $5) returning id
     )
     delete from audit_entry where id <= (select id from new) - ${keptChanges}`,
    [change.by, change.action, change.subject, json(change.before), json(change.after)],
  );
}

/** What was changed, newest first. @param before only what is older than the change with this id; null: from the newest on */
export function readChanges(
  { manager }: Database,
  before: string | null,
  limit: number,
): Promise<RecordedChange[]> {
  return manager.query(
    `select id, at, operator as by, action, subject, before, after from audit_entry
     where $1::bigint is null or id < $1 order by id desc limit $2`,
    [before, limit],
  );
}
