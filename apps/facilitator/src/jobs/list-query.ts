import { detail, fieldErrors, ParameterReader, type Reading } from '@horde/rest';
import { readCursor, type Position } from './list-cursor.ts';
import { readFilters, type ListFilters } from './list-filters.ts';

const defaultPageSize = 10;
const maxPageSize = 256;

/** Which part of a list: a page, counted from 1, or what follows a position; `null`: the beginning. */
type ListPart = { page: number | 'last' } | { behind: Position | null };

/** What is asked of a list of jobs. */
export interface ListQuery {
  filters: ListFilters;
  part: ListPart;
  pageSize: number;
  /** Whether facts are enough: each job without what it was given and what it has left. */
  isLean: boolean;
}

export const invalidPage = () => detail(404, 'Invalid page.');

/**
 * Reads which jobs a user wants to see. Parameters that are not known are passed over, as in ComputeHorde.
 *
 * @throws Refusal 404 for a page that cannot be, 400 with what is wrong with each other parameter
 */
export function readListQuery(query: URLSearchParams, hotkey: string): ListQuery {
  const reader = new ParameterReader(query);
  const filters = readFilters(reader);
  const isLean = reader.read('lean', readFlag) ?? false;
  const cursor = reader.once('cursor');
  if (cursor !== null && query.has('page'))
    reader.refuse('cursor', 'A list is read by its pages or by its cursor, not by both.');
  reader.finish();
  const size = Number(/^\d{1,9}$/.exec(query.get('page_size') ?? '')?.[0] ?? 0) || defaultPageSize;
  return {
    filters,
    part:
      cursor === null ? { page: readPage(query.get('page') ?? '1') } : readBehind(cursor, hotkey, filters),
    pageSize: Math.min(size, maxPageSize),
    isLean,
  };
}

/** Whether a creation is to be tried out only. @throws Refusal 400 when that cannot be told: no job is created by mistake */
export function readDryRun(query: URLSearchParams): boolean {
  const reader = new ParameterReader(query);
  const isDryRun = reader.read('dry_run', readFlag) ?? false;
  reader.finish();
  return isDryRun;
}

function readPage(text: string): number | 'last' {
  if (text === 'last') return text;
  if (!/^0*[1-9]\d{0,8}$/.test(text)) throw invalidPage();
  return Number(text);
}

function readBehind(cursor: string, hotkey: string, filters: ListFilters): ListPart {
  if (cursor === '') return { behind: null };
  const position = readCursor(cursor, hotkey, filters);
  if (typeof position === 'string') throw fieldErrors({ cursor: [position] });
  return { behind: position };
}

const readFlag = (raw: string): Reading<boolean> =>
  raw === 'true' || raw === 'false' ? { value: raw === 'true' } : 'It is true or false.';
