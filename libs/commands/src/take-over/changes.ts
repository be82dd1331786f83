import type { Database } from '@horde/database';
import { shown } from './tally.ts';

interface Change {
  at: Date;
  operator: string | null;
  action: string;
  subject: string;
  before: object | null;
  after: object | null;
}

/** What operators have changed since a moment, oldest first: accounts, lists, settings. */
export async function operatorChanges(database: Database, since: Date): Promise<string[]> {
  const changes = await database.manager.query<Change[]>(
    `select at, operator, action, subject, before, after from audit_entry
     where at >= $1 and action not like 'take over %' order by id`,
    [since],
  );
  if (changes.length === 0) return ['Nobody has changed accounts, lists or settings.'];
  return ['Changed by operators:', ...changes.map(lineOf)];
}

function lineOf({ at, operator, action, subject, before, after }: Change): string {
  const json = (value: object | null) => (value === null ? 'nothing' : JSON.stringify(value));
  const by = operator === null ? '' : ` by ${shown(operator)}`;
  return `  ${at.toISOString()}  ${action}${by}: ${shown(subject)}  ${json(before)} -> ${json(after)}`;
}

/** How many there are of each kind, as a line. @param rows of `name` and `count` */
export const counted = (what: string, rows: readonly { name: string; count: number }[]): string =>
  `${what}: ${rows.map(({ name, count }) => `${count} ${name}`).join(', ') || 'none'}`;
