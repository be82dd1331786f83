import { createHash } from 'node:crypto';
import { Keypair } from '@horde/identity';
import { errors } from '@horde/protocol';
import type { Page } from 'playwright-core';
import type { Operators } from '@horde/panel-server';
import { password } from '../browser.ts';

/** A page of a face. */
export interface FacePage {
  /** What its picture is called. */
  name: string;
  /** Behind `/admin/#/`. */
  path: string;
  /** What it says once all of it is there: texts, in any order. */
  says: string[];
  /** Its parts whose changes are read out, by role and name. */
  live?: [role: 'status' | 'log', name: string][];
  /** It is there to change something, and nothing else. */
  isForm?: true;
  /** What is done on it before it is looked at. */
  before?: (page: Page) => Promise<void>;
}

/** The panel of one service, over tables that look like those of a network that has run for a day. */
export interface Face {
  service: 'facilitator' | 'validator' | 'miner';
  /** Without `/admin/`. */
  url: string;
  /** What logs in. */
  name: string;
  pages: FacePage[];
  /** What operators of ComputeHorde's service may search for. */
  oldNames: string[];
  /** What buttons and links are called that change something, in the order of the alphabet. */
  changing: string[];
  /** A button that asks whether it is meant, and the page that has it. */
  asks: { path: string; button: string };
  /** The charts of its overview with a bar for each of these, by title. @param overview as its API answers */
  charts: (overview: Record<string, unknown[]>) => Record<string, unknown[]>;
  stop: () => Promise<void>;
}

/** Writes what a stranger has written: pictures have it as it is, specs with a payload behind it. */
export type Strangers = (text: string) => string;

export type Query = (sql: string, ...values: unknown[]) => Promise<unknown>;

/** An account that may change something, `cook`, and one that may not, `guest`. */
export async function makeAccounts(operators: Operators): Promise<void> {
  await operators.create({ name: 'cook', role: 'operate', password }, null);
  await operators.create({ name: 'guest', role: 'read', password }, null);
}

/** Puts rows into a table, by the names of its columns; what none of them has gets its default. */
export async function store(query: Query, table: string, rows: Record<string, unknown>[]): Promise<void> {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))].map((name) => `"${name}"`).join(', ');
  await query(
    `insert into "${table}" (${names}) overriding system value select ${names} from json_populate_recordset(null::"${table}", $1::json)`,
    JSON.stringify(rows),
  );
}

/** The n-th participant of the network: the same in each run. @param kind a number of its own for each */
const nth = (kind: number) => (n: number) => {
  const seed = new Uint8Array(32).fill(kind);
  seed[1] = n;
  return Keypair.fromSeed(seed);
};
export const user = nth(1);
export const validator = nth(2);
export const miner = nth(3);
export const coldkey = nth(4);

/** The uuid of this name: the same in each run. */
export function uuidOf(name: string): string {
  const hex = createHash('sha256').update(name).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** A moment so many seconds ago. */
export const ago = (seconds: number): string => new Date(Date.now() - seconds * 1_000).toISOString();

export const classes = ['always_on.llm.a6000', 'spin_up-4min.gpu-24gb'] as const;
export const images = [
  'ghcr.io/subnet-40/scorer:2.3.1',
  'docker.io/example/llm-inference:v7',
  'docker.io/example/image-diffusion@sha256:9f2c41d0',
] as const;

/** How a job ended, or where it is. */
export type End = 'completed' | 'failed' | 'cancelled' | 'horde_failed' | 'rejected' | 'running' | 'waiting';

/** A job of the last day, as the network sees it. */
export interface SeenJob {
  uuid: string;
  number: number;
  end: End;
  /** When it was created. @unit seconds ago */
  age: number;
  /** From the acceptance to its end. @unit seconds */
  took: number;
}

/** The day's jobs, the newest first: one waits, two run, most have completed. */
export const jobs: SeenJob[] = Array.from({ length: 64 }, (_, number) => ({
  uuid: uuidOf(`job ${number}`),
  number,
  end: endOf(number),
  age: number < 3 ? [20, 95, 160][number]! : 400 + number * 1_290 + ((number * 37) % 11) * 50,
  took: 20 + ((number * 47) % 13) * 6,
}));

function endOf(number: number): End {
  if (number === 0) return 'waiting';
  if (number < 3) return 'running';
  if (number === 13) return 'cancelled';
  if (number % 9 === 4) return 'failed';
  if (number % 13 === 7) return 'horde_failed';
  return number % 17 === 11 ? 'rejected' : 'completed';
}

/** Why a job did not complete, in the words of whoever said so. */
export const whyNot = (end: End): string =>
  ({
    failed: errors.JOB_EXITED_SAYING(137, 'Killed').message,
    cancelled: 'Cancelled by its user.',
    horde_failed: 'The miner did not report its executor ready in time.',
    rejected: 'No miner could take it: 3 of 3 with this class are busy.',
  })[end as 'failed' | 'cancelled' | 'horde_failed' | 'rejected'] ?? '';

/** Stores what a job printed, as far as the service has it. */
export async function storeOutput(query: Query, job: SeenJob, said: Strangers): Promise<void> {
  const ended = job.end !== 'running';
  const steps = job.end === 'completed' ? 40 : 3;
  const stdout = Array.from({ length: steps }, (_, step) => `step ${step + 1} of 40\n`).join('');
  const printed = {
    stdout: `loading the model\n${said(stdout)}`,
    stderr: `warning: no cache\n${job.end === 'failed' ? 'Killed\n' : ''}`,
  };
  for (const [stream, text] of Object.entries(printed)) {
    const received = Buffer.byteLength(text);
    await store(query, 'job_output', [{ job_uuid: job.uuid, stream, received, came: received, ended }]);
    await store(query, 'job_output_part', [
      { job_uuid: job.uuid, stream, offset: 0, data: `\\x${Buffer.from(text).toString('hex')}` },
    ]);
  }
}

/** The statuses that a job went through, and when. @unit seconds after its creation */
export function statusesOf({ end, took }: SeenJob): [status: string, after: number][] {
  const path: [string, number][] = [
    ['sent', 0],
    ['received', 0.3],
    ['accepted', 1.6],
    ['executor_ready', 7.5],
    ['volumes_ready', 14],
  ];
  if (end === 'waiting') return path.slice(0, 2);
  if (end === 'running') return path;
  if (end === 'rejected') return [...path.slice(0, 2), ['rejected', 12]];
  if (end === 'horde_failed') return [...path.slice(0, 3), ['horde_failed', 31]];
  if (end === 'failed' || end === 'cancelled') return [...path, ['failed', 14 + took]];
  return [...path, ['execution_done', 14 + took], ['completed', 16 + took]];
}

/** Has a job's page show what was exchanged, and what is in the first message of this type. */
export async function showFrames(page: Page, type: string): Promise<void> {
  await page.getByRole('button', { name: 'Show what was exchanged' }).click();
  const row = page.getByRole('table', { name: 'Frames' }).getByRole('row').filter({ hasText: type }).first();
  await row.getByText('Show', { exact: true }).click();
  await row.getByText('"message_type"').waitFor();
}
