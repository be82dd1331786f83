import { createHash } from 'node:crypto';
import { wireTime, wireTimeToMicros, type WireTime } from '@horde/protocol';
import type { ListFilters } from './list-filters.ts';

/** Where in a user's list a job is. */
export interface Position {
  createdAt: WireTime;
  uuid: string;
}

const timeSize = 8;
const uuidSize = 16;
const bindingSize = 8;
/** Later moments are not reckoned exactly; it is in the year 2255. @unit microseconds since 1970 */
const endOfTime = 2n ** 53n;

/**
 * A position as a text that is good for one user's list with these filters alone: base64url of the time (microseconds
 * since 1970, 8 bytes), the uuid and 8 bytes of a hash of whose list it is and what is in it.
 */
export function writeCursor({ createdAt, uuid }: Position, hotkey: string, filters: ListFilters): string {
  const time = Buffer.alloc(timeSize);
  time.writeBigUInt64BE(BigInt(wireTimeToMicros(createdAt)));
  const id = Buffer.from(uuid.replaceAll('-', ''), 'hex');
  return Buffer.concat([time, id, bindingOf(hotkey, filters)]).toString('base64url');
}

/** The position in a cursor, or what is wrong with it. It shows a user's own jobs alone, whoever has made it. */
export function readCursor(cursor: string, hotkey: string, filters: ListFilters): Position | string {
  const bytes = Buffer.from(cursor.slice(0, 100), 'base64url');
  const time = bytes.length === timeSize + uuidSize + bindingSize ? bytes.readBigUInt64BE() : endOfTime;
  if (time >= endOfTime || bytes.toString('base64url') !== cursor) return 'This is no cursor of a list.';
  if (!bytes.subarray(timeSize + uuidSize).equals(bindingOf(hotkey, filters)))
    return 'This cursor belongs to a list with other filters: begin anew with an empty one.';
  const hex = bytes.subarray(timeSize, timeSize + uuidSize).toString('hex');
  return {
    createdAt: wireTime(Number(time)),
    uuid: hex.replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, '$1-$2-$3-$4-$5'),
  };
}

function bindingOf(hotkey: string, filters: ListFilters): Buffer {
  const sorted = { ...filters, uuids: filters.uuids?.toSorted(), statuses: filters.statuses?.toSorted() };
  const hash = createHash('sha256').update(`${hotkey}\n${JSON.stringify(sorted)}`);
  return hash.digest().subarray(0, bindingSize);
}
