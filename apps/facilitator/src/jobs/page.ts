import type { Request } from 'express';
import { isCanonicalUuid } from '@horde/protocol';
import { detail, queryOf } from '@horde/rest';

/** Whether a text is a UUID with hyphens, in either case. */
export const isUuid = (text: string): boolean => isCanonicalUuid(text.toLowerCase());

/** @throws Refusal 404 when the part of a path that names a job is no UUID */
export function requireUuid(text: string): void {
  if (!isUuid(text)) throw detail(404, 'Not found.');
}

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
