import type { HttpResponse } from '../http/client.ts';

/** What the first answer said of a file that is fetched in pieces. */
export interface Facts {
  /** A strong ETag, which no other bytes have; null: none was given. */
  etag: string | null;
  modified: string | null;
  /** In bytes; null: not said. */
  total: number | null;
}

/** The part of a file that is asked for: all from this byte on, if the file still has this ETag. */
export interface Rest {
  from: number;
  etag: string | null;
}

/** In bytes, as sent; null: not said, or the answer comes in chunks, which end by themselves whatever else it says. */
export function lengthOf({ headers }: HttpResponse): number | null {
  const length = headers.get('content-length') ?? '';
  return /^\d+$/.test(length) && !headers.has('transfer-encoding') ? Number(length) : null;
}

/** @returns null where a later answer could not be told to be of the same bytes */
export function factsOf(response: HttpResponse): Facts | null {
  if (isEncoded(response)) return null;
  const facts = {
    etag: strongEtagOf(response),
    modified: response.headers.get('last-modified') ?? null,
    total: lengthOf(response),
  };
  return facts.etag !== null || facts.total !== null ? facts : null;
}

export function headersForRest({ from, etag }: Rest): Record<string, string> {
  return { range: `bytes=${from}-`, ...(etag && { 'if-range': etag }) };
}

/** Whether an answer holds what follows after the first `from` bytes of that file. */
export function continues(response: HttpResponse, facts: Facts, from: number): boolean {
  const { status, headers } = response;
  const range = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(headers.get('content-range') ?? '');
  if (status !== 206 || isEncoded(response) || Number(range?.[1]) !== from) return false;
  const total = range![2] === '*' ? null : Number(range![2]);
  return (
    agree(facts.total, total) &&
    agree(facts.etag, strongEtagOf(response)) &&
    agree(facts.modified, headers.get('last-modified') ?? null)
  );
}

function agree<T>(one: T | null, other: T | null): boolean {
  return one === null || other === null || one === other;
}

function isEncoded({ headers }: HttpResponse): boolean {
  return (headers.get('content-encoding') ?? 'identity') !== 'identity';
}

function strongEtagOf({ headers }: HttpResponse): string | null {
  const etag = headers.get('etag');
  return etag?.startsWith('"') ? etag : null;
}
