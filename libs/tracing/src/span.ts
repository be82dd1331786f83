import { createHash } from 'node:crypto';

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
  /** What the job is called there: its uuid, which is its trace. */
  job: string;
  place: string;
}

/** A part of a job's way that is over. */
export interface Span extends Place {
  /** The place, in the same trace, of what it is a part of; null: of nothing. */
  parent: string | null;
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
  /** Spans of other traces that belong to it. */
  links?: Place[];
}

/** @returns 32 hexadecimal digits: the 128 bits of the uuid */
export function traceIdOf(job: string): string {
  const digits = job.replaceAll('-', '').toLowerCase();
  return /^(?!0{32})[0-9a-f]{32}$/.test(digits) ? digits : hash(job).slice(0, 32);
}

/** @returns 16 hexadecimal digits */
export const spanIdOf = ({ job, place }: Place): string => hash(`${traceIdOf(job)} ${place}`).slice(0, 16);

const hash = (text: string): string => createHash('sha256').update(text).digest('hex');
