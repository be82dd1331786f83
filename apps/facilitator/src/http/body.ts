import { JsonError, parseJson, type JsonValue } from '@horde/protocol';
import type { Request } from 'express';
import { detail } from './refusal.ts';

/** The largest body that is read: ComputeHorde's facilitator has the same limit. @unit bytes */
export const largestBody = 2_621_440;

/** A body that is too large is read up to this size and thrown away, so that its sender gets to see the answer. */
const largestDiscarded = 16 * largestBody;

/**
 * A request's body as JSON, digits and order of keys kept; an empty body counts as `{}`.
 *
 * @throws Refusal 400 when it is too large or no JSON, 415 when it is not declared as JSON
 */
export async function readJsonBody(request: Request): Promise<{ raw: Buffer; json: JsonValue }> {
  const raw = await readBody(request);
  if (raw.length === 0) return { raw, json: new Map() };
  const type = request.headers['content-type'] ?? '';
  if (!/^application\/json\s*(;|$)/i.test(type))
    throw detail(415, `Unsupported media type "${type}" in request.`);
  try {
    return { raw, json: parseJson(new TextDecoder('utf-8', { fatal: true }).decode(raw)) };
  } catch (error) {
    const why = error instanceof JsonError ? error.message : 'This is not UTF-8 text.';
    throw detail(400, `JSON parse error - ${why}`);
  }
}

async function readBody(request: Request): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= largestBody) chunks.push(chunk);
    else if (size > largestDiscarded) break;
  }
  if (size > largestBody) throw detail(400, `The body is larger than ${largestBody} bytes.`);
  return Buffer.concat(chunks);
}
