import { Conditions, type Database } from '@horde/database';
import type { PanelList } from '@horde/panel-api';
import { detail, fieldErrors, type ParameterReader } from '@horde/rest';
import { countOf } from './count.ts';

const defaultSize = 25;
const maxSize = 100;
/**
 * Up to so many rows are all found, and then sorted. The planner would rather walk through an index in the order of the list
 * until it has a page of them, taking it that they are spread evenly: few may be none, or behind all others.
 */
const few = 2_500;
/** @unit characters */
const maxCursor = 500;
/** How long the database may take for a list, once for its count and once for its rows. @unit ms */
const limit = 5_000;
/** What a statement that was ended by its limit fails with. */
const overdue = '57014';

/** Rows that are shown newest first, a piece at a time. */
export interface RowsToList {
  /** SQL behind `select`: what each row is answered as. */
  columns: string;
  /** SQL behind `from`. */
  from: string;
  /** SQL behind `from` where that has the same rows, and less is read to count them. @default from */
  counted?: string;
  /**
   * The columns by which they are sorted, each with its type in SQL, largest first; together they are unique. An index of them
   * in this order, behind the columns of a filter, finds a piece without reading the others.
   */
  order: Record<string, string>;
}

/** Which piece of a list is asked for. */
export interface Piece {
  /** null: from the newest on. */
  cursor: string | null;
  size: number;
}

/** Reads `cursor` and `page_size`; what is wrong with them is collected in the reader. */
export function readPiece(reader: ParameterReader): Piece {
  const size = reader.read('page_size', (raw) =>
    /^\d{1,3}$/.test(raw) && Number(raw) > 0
      ? { value: Math.min(Number(raw), maxSize) }
      : 'It is a number from 1 on.',
  );
  return { cursor: reader.once('cursor') || null, size: size ?? defaultSize };
}

/** @throws Refusal 400 when the cursor is none of such a list, 503 when the rows cannot be found in time */
export async function listRows<Row extends object>(
  { dataSource }: Database,
  rows: RowsToList,
  conditions: Conditions,
  piece: Piece,
): Promise<PanelList<Row>> {
  try {
    return await dataSource.transaction(async (manager) => {
      await manager.query(`set local statement_timeout = ${limit}`);
      return findRows<Row>(manager, rows, conditions, piece);
    });
  } catch (error) {
    throw (error as { code?: string }).code === overdue ? tookTooLong() : error;
  }
}

const tookTooLong = () =>
  detail(
    503,
    `The database does not find these within ${limit / 1_000} seconds. Leave out a filter, or take one that fewer have.`,
  );

async function findRows<Row extends object>(
  manager: Database['manager'],
  { columns, from, counted = from, order }: RowsToList,
  conditions: Conditions,
  { cursor, size }: Piece,
): Promise<PanelList<Row>> {
  const names = Object.keys(order);
  const values = cursor === null ? null : readCursor(cursor, names.length);
  const count = await countOf(manager, counted, conditions);
  if (count.count === 0) return { results: [], next: null, ...count };
  // No index has nulls last, and there are none.
  const direction = count.count <= few ? 'desc nulls last' : 'desc';
  const place = names.map((name) => `(${name})::text`).join(', ');
  const wanted = new Conditions();
  wanted.parameters.push(...conditions.parameters);
  const where = [conditions.text];
  if (values) {
    const marks = Object.values(order).map((type, at) => `$${wanted.parameters.push(values[at])}::${type}`);
    where.push(`(${names.join(', ')}) < (${marks.join(', ')})`);
  }
  const rows = await manager
    .query<{ row: Row; place: string[] }[]>(
      `select to_jsonb(listed) - '_place' as row, _place as place from (
         select ${columns}, array[${place}] as _place from ${from} where ${where.join(' and ')}
         order by ${names.map((name) => `${name} ${direction}`).join(', ')} limit ${size + 1}
       ) listed`,
      wanted.parameters,
    )
    .catch((error: { code?: string }) => {
      // A cursor that somebody has made up holds values of other types.
      throw values && error.code?.startsWith('22') ? noCursor() : error;
    });
  const last = rows.length > size ? rows[size - 1]! : null;
  return {
    results: rows.slice(0, size).map(({ row }) => row),
    next: last && writeCursor(last.place),
    ...count,
  };
}

const noCursor = () => fieldErrors({ cursor: ['This is no cursor of a list.'] });

const writeCursor = (place: string[]): string => Buffer.from(JSON.stringify(place)).toString('base64url');

function readCursor(cursor: string, values: number): string[] {
  try {
    const place = JSON.parse(Buffer.from(cursor.slice(0, maxCursor), 'base64url').toString()) as unknown;
    const isPlace = Array.isArray(place) && place.length === values;
    if (isPlace && place.every((value) => typeof value === 'string' && !value.includes('\0')))
      return place as string[];
  } catch {
    // as other texts that are none
  }
  throw noCursor();
}
