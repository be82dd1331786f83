import {
  configurationOperations,
  reads,
  readsPages,
  refused,
  unknown,
  type PanelApi,
} from '@horde/panel-server';
import { ExecutorClass } from '@horde/protocol';
import { integer, is, list, ofPath, orNull, query, string, time, uuid, type Operation } from '@horde/openapi';
import { listedStatuses } from '../jobs/list-filters.ts';
import { schemas } from './panel-schemas.ts';

const theJob = [ofPath('uuid', 'The job.', uuid)];
const theHotkey = [ofPath('hotkey', "A user's SS58 address.", string)];

const operations: Operation[] = [
  ...configurationOperations,
  reads('overview', 'See how the facilitator is', 'Overview'),
  reads('validators', 'List the validators', 'Validators'),
  reads('validators/{hotkey}', 'Read a validator', 'ValidatorPage', {
    parameters: [ofPath('hotkey', 'The validator.', string)],
    answers: unknown,
  }),
  reads('miners', 'List the miners and their machines', 'Miners'),
  readsPages('feedback', 'List what users say of their jobs', 'Feedback', {}),
  readsPages('cheat-reports', 'List reports of wrong results', 'CheatReports', {}),
  reads('whitelist', 'List the users', 'Users'),
  reads('whitelist/{hotkey}', 'Read a user', 'User', { parameters: theHotkey, answers: unknown }),
  readsPages('jobs', 'List the jobs of all users', 'Jobs', {
    status: [
      'Jobs with one of these statuses; may be repeated.',
      list({ type: 'string', enum: listedStatuses }),
    ],
    executor_class: ['Jobs of this class.', { type: 'string', enum: ExecutorClass }],
    hotkey: ['Jobs of this user.', string],
    validator: ['Jobs for this validator.', string],
    uuid: ['These jobs; may be repeated.', list(uuid)],
    uuid_prefix: ['Jobs whose uuid begins like this.', string],
    tag: ['Jobs with this tag.', string],
    job_namespace: ['Jobs of this namespace.', string],
    created_after: ['Jobs that were created later.', time],
    created_before: ['Jobs that were created earlier.', time],
  }),
  {
    method: 'get',
    path: '/admin/api/jobs/{uuid}',
    summary: 'Read a job',
    needs: 'session',
    parameters: theJob,
    answers: { 200: is('JobPage'), ...refused, ...unknown },
  },
  {
    method: 'get',
    path: '/admin/api/jobs/{uuid}/describe',
    summary: 'Ask its validator why a job is where it is',
    needs: 'session',
    parameters: theJob,
    answers: { 200: is('Description'), ...refused, ...unknown },
  },
  {
    method: 'get',
    path: '/admin/api/jobs/{uuid}/events',
    summary: 'Follow a job: server-sent events',
    needs: 'session',
    parameters: theJob,
    answers: { 200: [{ type: 'text/event-stream' }], ...refused, ...unknown },
  },
  {
    method: 'get',
    path: '/admin/api/jobs/{uuid}/artifact',
    summary: 'Save a file that a job has left',
    needs: 'session',
    parameters: [...theJob, { ...query('name', 'As its job calls it.', string), required: true }],
    answers: { 200: [{ type: 'application/octet-stream' }], ...refused, ...unknown },
  },
  {
    method: 'post',
    path: '/admin/api/jobs/{uuid}/cancel',
    summary: 'Cancel a job',
    needs: 'session',
    parameters: theJob,
    answers: { 202: is('JobPage'), 409: is('Sentences'), ...refused, ...unknown },
  },
  {
    method: 'put',
    path: '/admin/api/whitelist/{hotkey}',
    summary: 'Let a hotkey in, or change what it may do',
    needs: 'session',
    parameters: theHotkey,
    body: {
      type: 'object',
      properties: { max_unfinished_jobs: orNull(integer), max_creations_per_minute: orNull(integer) },
    },
    answers: { 200: is('User'), 400: is('FieldErrors', 'Detail'), ...refused },
  },
  {
    method: 'delete',
    path: '/admin/api/whitelist/{hotkey}',
    summary: 'Take a hotkey off the whitelist',
    needs: 'session',
    parameters: theHotkey,
    answers: { 200: is('Nothing'), ...refused, ...unknown },
  },
];

/** What the facilitator's pages ask for and change. */
export const facilitatorPanel: PanelApi = {
  service: 'facilitator',
  schemas,
  operations,
  // Jobs are stored together with what is sent to their validators.
  live: {
    outbox: ['jobs', 'validators', 'whitelist', 'overview'],
    'job-events': ['jobs', 'validators', 'whitelist', 'overview'],
    validators: ['validators', 'overview'],
    whitelist: ['whitelist', 'overview'],
    feedback: ['feedback'],
    'cheat-reports': ['cheat-reports'],
  },
};
