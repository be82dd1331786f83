import type { JobStatus } from '@horde/protocol';
import type { StatusMetadata } from '../job-resource.ts';
import type { JobEvent, OutputStream } from './job-event.ts';

type Fields = Record<string, unknown>;

/** A job's event out of what the facilitator sends; null for one that is not understood: a newer one may send more. */
export function readJobEvent(id: string | null, type: string, fields: object): JobEvent | null {
  const read = readers[type]?.(fields as Fields);
  return read ? { id, ...read } : null;
}

type WithoutId<Event> = Event extends unknown ? Omit<Event, 'id'> : never;
type Reader = (fields: Fields) => WithoutId<JobEvent> | null;

const readers: Record<string, Reader | undefined> = {
  status: ({ status, created_at, metadata }) =>
    typeof status === 'string'
      ? {
          type: 'status',
          status: status as JobStatus,
          createdAt: timeOf(created_at) ?? new Date(),
          metadata: (metadata ?? {}) as StatusMetadata,
        }
      : null,
  wait: ({ waits_for, since, until }) => ({
    type: 'wait',
    waitsFor: typeof waits_for === 'string' ? waits_for : null,
    since: timeOf(since),
    until: timeOf(until),
  }),
  progress: ({ stage, name, done, total }) =>
    (stage === 'pull' || stage === 'download') && isCount(done)
      ? { type: 'progress', stage, name: String(name), done, total: isCount(total) ? total : null }
      : null,
  output: ({ stream, offset, text, base64 }) => {
    const bytes =
      typeof text === 'string'
        ? Buffer.from(text)
        : typeof base64 === 'string'
          ? Buffer.from(base64, 'base64')
          : null;
    return isStream(stream) && isCount(offset) && bytes
      ? { type: 'output', stream, offset, bytes, text: bytes.toString() }
      : null;
  },
  gap: ({ stream, from, to }) =>
    isStream(stream) && isCount(from) && isCount(to) ? { type: 'gap', stream, from, to } : null,
  end: ({ status }) => (typeof status === 'string' ? { type: 'end', status: status as JobStatus } : null),
};

const isStream = (value: unknown): value is OutputStream => value === 'stdout' || value === 'stderr';
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;

function timeOf(value: unknown): Date | null {
  const time = typeof value === 'string' ? new Date(value) : null;
  return time && !Number.isNaN(time.getTime()) ? time : null;
}
