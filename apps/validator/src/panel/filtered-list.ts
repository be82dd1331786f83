import { Conditions, type Database } from '@horde/database';
import type { PanelList } from '@horde/panel-api';
import { listRows, readPiece, type RowsToList } from '@horde/panel-server';
import { isCanonicalUuid } from '@horde/protocol';
import { ParameterReader, type Reading } from '@horde/rest';

/** What a filter asks of rows: SQL in which `?` stands for its value. */
interface Condition {
  sql: string;
  value: unknown;
}

/** Reads what somebody filters by. */
export type Filter = (raw: string) => Reading<Condition>;

/**
 * A piece of a list that grows, with the filters that it has by name; empty ones ask for nothing.
 *
 * @throws Refusal 400 with what is wrong with each parameter
 */
export function filteredList<Row extends object>(
  database: Database,
  rows: RowsToList,
  filters: Record<string, Filter>,
  query: URLSearchParams,
): Promise<PanelList<Row>> {
  const reader = new ParameterReader(query);
  const conditions = new Conditions();
  for (const [name, filter] of Object.entries(filters)) {
    const condition = reader.read<Condition | null>(name, (raw) =>
      raw === '' ? { value: null } : filter(raw),
    );
    if (condition) conditions.add(condition.value, (place) => condition.sql.replaceAll('?', place));
  }
  const piece = readPiece(reader);
  reader.finish();
  return listRows<Row>(database, rows, conditions, piece);
}

/** @unit characters */
const longest = 200;

/** Rows that have exactly this text in a column. */
export const isText =
  (column: string): Filter =>
  (raw) => ({
    value: { sql: `${column} = ?`, value: raw.trim().slice(0, longest).replaceAll('\0', '') },
  });

/** Rows about this uuid. */
export const isUuid =
  (sql: string): Filter =>
  (raw) => {
    const value = raw.trim().toLowerCase();
    return isCanonicalUuid(value) ? { value: { sql, value } } : 'This is not a uuid.';
  };

/** Rows about a whole number from 0 on. */
export const isNumber =
  (sql: string): Filter =>
  (raw) =>
    /^\d{1,9}$/.test(raw.trim()) ? { value: { sql, value: Number(raw) } } : 'It is a whole number from 0 on.';

/** Rows before or after a moment. */
export const isMoment =
  (sql: string): Filter =>
  (raw) => {
    const at = /^\d{4}-\d\d-\d\d/.test(raw) ? Date.parse(raw) : NaN;
    return at >= 0
      ? { value: { sql, value: new Date(at).toISOString() } }
      : 'It is a time, such as 2026-01-31T09:00:00Z.';
  };

/** Rows of a kind. @param kinds what each word asks for */
export const isOneOf =
  (kinds: Record<string, () => Condition>): Filter =>
  (raw) =>
    Object.hasOwn(kinds, raw) ? { value: kinds[raw]!() } : `It is one of ${Object.keys(kinds).join(', ')}.`;
