import { JsonError, parseJson, type JsonValue } from '@horde/protocol';
import type { Request } from 'express';
import { BodyBudget } from './body-budget.ts';
import { detail } from '../refusal.ts';

/** The largest body that is read: ComputeHorde's facilitator has the same limit. @unit bytes */
export const maxBody = 2_621_440;

/** Of a body that is too large so many times its limit is thrown away, so that its sender gets to see the answer. */
const discardedTimes = 16;
/** How long a body may take to arrive. @unit ms */
const arrivalLimit = 60_000;

/** Bodies that are being read or worked on: 16 of the largest, 4 of one sender. */
const budget = new BodyBudget({
  maxBytes: 16 * maxBody,
  maxBytesOfOne: 4 * maxBody,
  maxWaiting: 1_000,
  maxWaitingOfOne: 250,
});

interface Reading {
  /** The largest body that is read. @unit bytes */
  limit: number;
  /** Who sends it: the hotkey that is logged in, or the address. */
  sender: string;
}

/**
 * Works with a request's body as JSON, digits and order of keys kept; an empty body counts as `{}`.
 *
 * @throws Refusal 400 when it is too large or no JSON, 408 when it does not arrive, 415 when it is not declared as JSON,
 * 429 when there are too many
 */
export async function withJsonBody<T>(
  request: Request,
  { limit, sender }: Reading,
  work: (json: JsonValue) => Promise<T>,
): Promise<T> {
  const declared = Number(request.headers['content-length'] ?? limit);
  if (declared > limit * discardedTimes) throw tooLarge(limit);
  const release = await budget.take(Math.min(declared, limit), sender);
  try {
    const raw = await readBody(request, limit);
    return await work(readJson(request, raw));
  } finally {
    release();
  }
}

function readJson(request: Request, raw: Buffer): JsonValue {
  if (raw.length === 0) return new Map();
  const type = request.headers['content-type'] ?? '';
  if (!/^application\/json\s*(;|$)/i.test(type))
    throw detail(415, `Unsupported media type "${type.slice(0, 200)}" in request.`);
  try {
    return parseJson(new TextDecoder('utf-8', { fatal: true }).decode(raw));
  } catch (error) {
    const why = error instanceof JsonError ? error.message : 'This is not UTF-8 text.';
    throw detail(400, `JSON parse error - ${why}`);
  }
}

async function readBody(request: Request, limit: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  let isLate = false;
  const late = setTimeout(() => {
    isLate = true;
    request.destroy();
  }, arrivalLimit);
  try {
    for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size <= limit) chunks.push(chunk);
      else if (size > limit * discardedTimes) break;
    }
  } catch (error) {
    // Nobody is there any more to see the answer.
    throw isLate || request.destroyed ? detail(408, 'The body did not arrive.') : error;
  } finally {
    clearTimeout(late);
  }
  if (size > limit) throw tooLarge(limit);
  return Buffer.concat(chunks);
}

const tooLarge = (limit: number) => detail(400, `The body is larger than ${limit} bytes.`);
