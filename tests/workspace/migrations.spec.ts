import type { ContractingMigration } from '@horde/database';
import { expect, it } from 'vitest';
import { services } from '../../tools/retention/services.ts';

/** Earlier ones were made before a release could go back to the one before it. */
const since = 1_799_000_022_510;

/** What code that does not know of it may trip over: something is gone, has another name, or has to be given. */
const narrowing = [
  /\bdrop\s+(?:table|view|column|type|function)\b/i,
  /\balter\s+table\b[^`;]*\bdrop\s+(?!constraint|default|not)\w/i,
  /\brename\b/i,
  /\bset\s+not\s+null\b/i,
  /\balter\s+column\b[^,`;]*\btype\b/i,
  /\badd\s+(?:column\s+)?\w+\s+\w+(?:\([^)]*\))?\s+not\s+null(?!\s+default)/i,
];

const narrows = (up: string): boolean => narrowing.some((one) => one.test(up));

it.each(services)(
  'a migration of the $service that takes something from the code before it says what replaces it',
  ({ databaseOptions }) => {
    const later = databaseOptions('postgres://none').migrations.filter(
      ({ name }) => Number(name.slice(-13)) > since,
    );
    const unsaid = later.filter((one) => {
      const migration = new one() as Partial<ContractingMigration>;
      return narrows(String(migration.up)) && migration.replacedBy === undefined;
    });
    expect(unsaid.map(({ name }) => name)).toEqual([]);
  },
);

it.each([
  ['drop table thing', true],
  ['alter table thing drop colour', true],
  ['alter table thing rename colour to color', true],
  ['alter table thing alter column colour set not null', true],
  ['alter table thing alter column size type bigint', true],
  ['alter table thing add size int not null', true],
  ['alter table thing add size numeric(20, 0) not null', true],
  ['alter table thing add size int not null default 0', false],
  ['alter table thing add size int', false],
  ['alter table thing drop constraint one', false],
  ['create table thing (id int not null)', false],
  ['create index concurrently size on thing (size)', false],
])('%s: code before it may not run any more, %s', (sql, expected) => {
  expect(narrows(sql)).toBe(expected);
});
