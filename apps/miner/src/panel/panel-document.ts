import {
  boolean,
  integer,
  is,
  list,
  number,
  object,
  ofPath,
  orNull,
  string,
  time,
  uuid,
  type Operation,
  type Schema,
} from '@horde/openapi';
import { minerChecks } from '@horde/panel-api';
import {
  configurationOperations,
  jobFramesOperation,
  jobFramesSchema,
  jobOutputOperation,
  jobOutputSchema,
  pages,
  reads,
  readsPages,
  refused,
  results,
  spans,
  unknown,
  type PanelApi,
  spansByHour,
} from '@horde/panel-server';
import { ExecutorClass } from '@horde/protocol';
import { checkBell } from '../checks/check-runs.ts';
import { jobStates } from './job-list.ts';
import { receiptTypes } from './receipt-list.ts';

const check = { type: 'string', enum: minerChecks };
const job = {
  uuid,
  status: string,
  status_label: string,
  has_ended: boolean,
  validator_hotkey: string,
  executor_class: string,
  host: orNull(string),
  accepted_at: time,
  ended_at: orNull(time),
};
const receipt = object('A receipt with both signatures.', {
  id: string,
  job_uuid: uuid,
  receipt_type: string,
  validator_hotkey: string,
  timestamp: time,
  stored_at: time,
  page: orNull(string),
  executor_class: orNull(string),
  is_organic: orNull(boolean),
  ttl: orNull(integer),
  score: { ...orNull(string), description: 'What the job earned, in executor-seconds.' },
});
const files = list(object('What a job gets, or leaves.', { type: string, path: orNull(string) }));
const validator = object('A validator.', {
  hotkey: string,
  active: boolean,
  by_hand: boolean,
  blacklisted: boolean,
  signs: boolean,
  connections: integer,
  unfinished_jobs: integer,
  completed: integer,
  failed: integer,
  declined: integer,
});
const lastRun = object('The last run of a check.', {
  name: check,
  id: orNull(uuid),
  state: { type: 'string', enum: ['never', 'running', 'good', 'failed', 'cut off'] },
  started_at: orNull(time),
  started_by: orNull(string),
  ended_at: orNull(time),
  output: string,
});

const schemas: Record<string, Schema> = {
  JobFrames: jobFramesSchema,
  JobOutput: jobOutputSchema,
  Overview: object('How the miner is.', {
    sentence: string,
    classes: list(
      object('A class of executors.', {
        executor_class: string,
        offered: integer,
        configured: integer,
        busy: integer,
        warm: integer,
      }),
    ),
    troubles: list(string),
    unfinished: integer,
    connected_validators: integer,
    active_validators: integer,
    hours: list(
      object('The jobs that were asked for in an hour.', {
        hour: time,
        completed: integer,
        failed: integer,
        declined: integer,
        going_on: integer,
      }),
    ),
    start_median: orNull(number),
    start_p95: orNull(number),
    starts: spansByHour('The median until an executor was ready, of the jobs that were accepted in an hour.'),
    earned: { ...number, description: 'Executor-seconds in finished receipts of 24 hours.' },
    earnings: spansByHour('Executor-seconds in finished receipts of an hour.'),
    paid_jobs: integer,
  }),
  Executors: results(
    'The hosts of executors.',
    object('Executors of one class at one place.', {
      name: orNull(string),
      executor_class: string,
      executors: integer,
      trouble: orNull(string),
      running: list(
        object('An executor.', {
          state: { type: 'string', enum: ['starting', 'warm', 'working', 'ending'] },
          job: orNull(uuid),
          status_label: orNull(string),
          since: time,
        }),
      ),
    }),
  ),
  Jobs: pages('Jobs of all validators, newest first.', object('A job.', job)),
  JobPage: object('A job, with all that happened to it and none of its secrets.', {
    ...job,
    sentence: string,
    timeline: spans('A time in which it was in a status.', ['status', 'wait']),
    docker_image: orNull(string),
    args: list(string),
    env_names: list(string),
    volumes: files,
    uploads: files,
    artifacts_dir: orNull(string),
    is_streaming: boolean,
    deadline: time,
    cancelled_at: orNull(time),
    cancelled_by: orNull(string),
    executor: object('Its executor.', {
      address: orNull(string),
      start_requested_at: orNull(time),
      connected_at: orNull(time),
      exited_at: orNull(time),
      exit_code: orNull(integer),
      container: orNull(string),
    }),
    exit_status: orNull(integer),
    receipts: list(receipt),
  }),
  Receipts: pages('Receipts, newest first.', receipt),
  Validator: validator,
  Validators: results('The validators that the miner knows, those that are connected first.', validator),
  Images: object('What was last fetched where.', {
    results: list(
      object('An image on a machine.', {
        machine: string,
        image: string,
        present: boolean,
        error: orNull(string),
      }),
    ),
    at: orNull(time),
    of_jobs: list(
      object('The images on a machine that executors have fetched for jobs.', {
        machine: string,
        images: list(
          object('One of them, the one first that was not needed for longest.', {
            image: string,
            bytes: { ...integer, description: 'With all of its layers.' },
            used_at: { ...time, description: 'When a job needed it last.' },
            kept: orNull(string),
          }),
        ),
        error: orNull(string),
      }),
    ),
    removed: list(
      object('One that was removed since the miner was started.', {
        machine: string,
        image: string,
        bytes: integer,
        at: time,
      }),
    ),
    limits: object('From where on they are removed.', {
      most_bytes: orNull(integer),
      least_free: number,
    }),
  }),
  Check: lastRun,
  Checks: results('The last run of each check.', lastRun),
};

/** A change of what the operator says of a validator. */
const says = (method: 'put' | 'delete', word: string, summary: string): Operation => ({
  method,
  path: `/admin/api/validators/{hotkey}/${word}`,
  summary,
  needs: 'session',
  parameters: [ofPath('hotkey', "The validator's SS58 address.", string)],
  answers: { 200: is('Validator'), ...(method === 'put' ? { 400: is('Detail') } : unknown), ...refused },
});

const operations: Operation[] = [
  ...configurationOperations,
  reads('overview', 'See how the miner is', 'Overview'),
  reads('executors', 'List the hosts of executors, and what each runs', 'Executors'),
  reads('images', 'List what was last fetched where', 'Images'),
  readsPages('jobs', 'List jobs', 'Jobs', {
    uuid_prefix: ['What the uuid begins with.', string],
    status: [
      'How they ended; going_on: not yet.',
      {
        type: 'string',
        enum: jobStates,
      },
    ],
    validator: ['The hotkey of their validator.', string],
    executor_class: ['Their class.', { type: 'string', enum: ExecutorClass }],
  }),
  reads('jobs/{uuid}', 'Read a job', 'JobPage', {
    parameters: [ofPath('uuid', "The job's uuid.", uuid)],
    answers: unknown,
  }),
  jobFramesOperation,
  jobOutputOperation,
  readsPages('receipts', 'List receipts', 'Receipts', {
    uuid_prefix: ['What the uuid of their job begins with.', string],
    validator: ['The hotkey of their validator.', string],
    type: ['Their type.', { type: 'string', enum: receiptTypes }],
  }),
  reads('validators', 'List the validators', 'Validators'),
  says('put', 'blacklist', 'Decline new jobs of a validator'),
  says('delete', 'blacklist', 'Take jobs of a validator again'),
  says('put', 'by_hand', 'Make a validator active, whatever the chain says'),
  says('delete', 'by_hand', 'Leave it to the chain whether a validator is active'),
  reads('checks', 'See what the miner last found when it checked itself', 'Checks'),
  {
    method: 'get',
    path: '/admin/api/checks/events',
    summary: 'Follow the checks: server-sent events',
    needs: 'session',
    answers: { 200: [{ type: 'text/event-stream' }], ...refused },
  },
  {
    method: 'post',
    path: '/admin/api/checks/{name}',
    summary: 'Begin a check, unless one runs',
    needs: 'session',
    parameters: [ofPath('name', 'Which.', check)],
    answers: { 202: is('Check'), 409: is('Sentences'), ...refused, ...unknown },
  },
];

/** What the miner's pages ask for and change. */
export const minerPanel: PanelApi = {
  service: 'miner',
  schemas,
  operations,
  live: {
    output: ['output'],
    jobs: ['jobs', 'output', 'executors', 'validators', 'overview'],
    executors: ['executors', 'overview'],
    receipts: ['receipts', 'jobs', 'overview'],
    validators: ['validators', 'overview'],
    images: ['images'],
    [checkBell]: ['overview'],
  },
};
