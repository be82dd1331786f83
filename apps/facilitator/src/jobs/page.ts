import type { Request } from 'express';
import { isCanonicalUuid } from '@horde/protocol';
import { detail, fieldErrors } from '../http/refusal.ts';

const defaultPageSize = 10;
const maxPageSize = 256;

/** Which of a user's jobs are listed. */
export interface ListQuery {
  /** From 1; 'last': the last one. */
  page: number | 'last';
  pageSize: number;
  tag: string | null;
  /** Only these; null: all. */
  uuids: string[] | null;
}

/** Whether a text is a UUID with hyphens, in either case. */
export const isUuid = (text: string): boolean => isCanonicalUuid(text.toLowerCase());

/** @throws Refusal 404 for a page that cannot be, 400 for a uuid that is none */
export function readListQuery(query: URLSearchParams): ListQuery {
  const page = query.get('page') ?? '1';
  const pageSize = Number(/^\d{1,9}$/.exec(query.get('page_size') ?? '')?.[0] ?? 0) || defaultPageSize;
  const uuids = query.getAll('uuid');
  const wrong = uuids.find((uuid) => !isUuid(uuid));
  if (wrong !== undefined) throw fieldErrors({ uuid: [`"${wrong.slice(0, 100)}" is not a valid UUID.`] });
  if (page !== 'last' && !/^0*[1-9]\d{0,8}$/.test(page)) throw invalidPage();
  return {
    page: page === 'last' ? page : Number(page),
    pageSize: Math.min(pageSize, maxPageSize),
    tag: query.get('tag')?.replaceAll('\0', '') ?? null,
    uuids: uuids.length > 0 ? uuids : null,
  };
}

export const invalidPage = () => detail(404, 'Invalid page.');

/** The query of a request. Its target may be a whole URL, and not even a valid one. */
export const queryOf = (request: Request): URLSearchParams =>
  new URLSearchParams(request.originalUrl.replace(/^[^?]*/, ''));

/** The URL of another page of the same list, as the user reaches this facilitator. */
export function pageUrl(request: Request, page: number): string {
  const scheme = request.headers['x-forwarded-proto'] === 'https' ? 'https' : request.protocol;
  const base = `${scheme}://${request.headers.host}`;
  const url = new URL('/api/v1/jobs/', URL.canParse(base) ? base : 'http://localhost');
  url.search = queryOf(request).toString();
  url.searchParams.set('page', String(page));
  if (page === 1) url.searchParams.delete('page');
  url.searchParams.sort();
  return url.href;
}
