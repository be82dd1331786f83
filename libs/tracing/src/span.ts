import { createHash, randomUUID } from 'node:crypto';

/**
 * The places in a job's trace that another service's spans hang on. A span's id follows from its place and from what the
 * job is called there, so that services find each other's spans without a word.
 */
export const places = {
  facilitator: 'facilitator',
  validator: 'validator',
  attempt: 'attempt',
  miner: 'miner',
  executorRun: 'miner/executor',
  executor: 'executor',
} as const;

/** Where a span stands. */
export interface Place {
  /** What the job is called there: its uuid, or that of an attempt, from which its trace follows. */
  job: string;
  place: string;
}

/** A part of a job's way that is over. */
export interface Span extends Place {
  /** What it is a part of: a place by the same uuid, or in the same trace by another; null: of nothing. */
  parent: string | Place | null;
  name: string;
  /** `server`: asked for by another service; `client`: another service does it. */
  kind?: 'server' | 'client';
  start: Date;
  end: Date;
  /** Of what is not known nothing is told. */
  facts?: Record<string, string | number | null | undefined>;
  /** Why it was in vain: the wire's word; null: it was not. */
  failure?: string | null;
  events?: { name: string; at: Date }[];
}

/** The part of a uuid, in its canonical form, that its trace follows from: 16 digits and their hyphens. */
const shared = 18;

/**
 * A further uuid whose trace is the same, for those who get to know nothing but that. The rest of it is chance, so that nobody
 * can take it before it is used.
 */
export const uuidInTraceOf = (uuid: string): string => uuid.slice(0, shared) + randomUUID().slice(shared);

/** @returns 32 hexadecimal digits: the first 16 of the uuid, twice */
export function traceIdOf(uuid: string): string {
  const digits = uuid.slice(0, shared).replaceAll('-', '').toLowerCase();
  return (/^(?!0{16})[0-9a-f]{16}$/.test(digits) ? digits : hash(uuid).slice(0, 16)).repeat(2);
}

/** @returns 16 hexadecimal digits */
export const spanIdOf = ({ job, place }: Place): string => hash(`${job.toLowerCase()} ${place}`).slice(0, 16);

const hash = (text: string): string => createHash('sha256').update(text).digest('hex');
