import {
  configurationOperations,
  jobFramesOperation,
  jobFramesSchema,
  jobOutputOperation,
  jobOutputSchema,
  jobsByHour,
  reads,
  type PanelApi,
  spansByHour,
} from '@horde/panel-server';
import { jobOperations, jobSchemas } from './jobs/jobs-document.ts';
import { allowanceChannel } from '../allowance/take-blocks.ts';
import { recordApis } from './record-pages.ts';
import { integer, list, number, object, orNull, string } from '@horde/openapi';

const overview = object('How the validator is.', {
  hotkey: string,
  waiting: integer,
  running: integer,
  miners: integer,
  executors: integer,
  whitelisted: integer,
  hours: jobsByHour('The jobs that came in an hour.'),
  wait_median: orNull(number),
  wait_p95: orNull(number),
  run_median: orNull(number),
  run_p95: orNull(number),
  waits: spansByHour('The median until a miner accepted the jobs that came in an hour.'),
  ends: list(object('How many attempts ended in a way.', { outcome: string, count: integer })),
  spend: spansByHour('What miners were paid in an hour, in executor-seconds.'),
  cycles: list(
    object('How far the weights of a cycle are.', {
      cycle_start: integer,
      sentence: string,
      weighted: orNull(integer),
    }),
  ),
});

/** What the validator's pages ask for and change. */
export const validatorPanel: PanelApi = {
  service: 'validator',
  schemas: {
    JobFrames: jobFramesSchema,
    JobOutput: jobOutputSchema,
    Overview: overview,
    ...jobSchemas,
    ...Object.assign({}, ...recordApis.map(({ schemas }) => schemas)),
  },
  operations: [
    ...configurationOperations,
    reads('overview', 'See how the validator is', 'Overview'),
    jobFramesOperation,
    jobOutputOperation,
    ...jobOperations,
    ...recordApis.flatMap(({ operations }) => operations),
  ],
  // A job's statuses are stored together with what its facilitator is sent.
  live: {
    jobs: ['jobs', 'miners', 'overview', 'bookings', 'allowance'],
    output: ['output'],
    outbox: ['jobs', 'output', 'miners', 'overview', 'bookings', 'allowance', 'receipts'],
    miners: ['miners', 'overview'],
    // A block, or what miners offer.
    [allowanceChannel]: ['miners', 'manifests', 'bookings', 'allowance'],
    blacklist: ['blacklist', 'miners'],
    whitelist: ['whitelist', 'overview'],
    cycles: ['cycles', 'overview'],
    events: ['events'],
  },
};
