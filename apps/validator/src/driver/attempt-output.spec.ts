import { createLogger } from '@horde/operations';
import { JobOutputChunk, make } from '@horde/protocol';
import { beforeEach, expect, it } from 'vitest';
import type { JobOutputs } from '../jobs/job-outputs.ts';
import type { MinerLink } from '../miner/miner-link.ts';
import { AttemptOutput } from './attempt-output.ts';

const never = new AbortController().signal;
const logger = createLogger('validator');
logger.level = 'silent';

/** How often the database does not tell what is stored. */
let failures: number;
let isOpen: boolean;
let requests: string[];
let output: AttemptOutput;

const outputs = {
  follow: async () => {
    if (failures-- > 0) throw new Error('Connection terminated unexpectedly');
    return ['stdout', 'stderr'].map((stream) => ({ stream, received: 0, ended: false }));
  },
  append: async () => undefined,
} as unknown as JobOutputs;
const link = {
  sendsOutput: true,
  get isOpen() {
    return isOpen;
  },
  closed: new Promise(() => undefined),
  sendMessage: async (_job: string, { stream, credit }: { stream: string; credit: number }) =>
    requests.push(`${stream} ${credit > 0 ? 'wanted' : 'stored'}`),
} as unknown as MinerLink;

const end = (stream: 'stdout' | 'stderr') =>
  output.take(make(JobOutputChunk, { job_uuid: 'job', stream, offset: 0, data: '', end: true }));

beforeEach(() => {
  [failures, isOpen, requests] = [0, true, []];
  output = new AttemptOutput('job', 'job', { outputs, logger });
});

it('a miner is asked for output although the database was away when it connected', async () => {
  failures = 2;
  await output.ask(link, never);
  expect(requests).toEqual(['stdout wanted', 'stderr wanted']);
});

it('a miner is not asked any more when its connection is gone', async () => {
  failures = Infinity;
  const asked = output.ask(link, never);
  isOpen = false;
  await asked;
  expect(requests).toEqual([]);
});

it('the rest of what it is still to be asked for is waited for', async () => {
  failures = 1;
  void output.ask(link, never);
  const rest = output.rest(10_000, never);
  await expect.poll(() => requests).toHaveLength(2);
  end('stdout');
  end('stderr');
  await rest;
  expect(requests).toEqual(['stdout wanted', 'stderr wanted', 'stdout stored', 'stderr stored']);
});
