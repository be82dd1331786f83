import { ExecutorClass } from '@horde/protocol';
import { is, ofPath, type Operation, query } from '@horde/openapi';
import { cheatReportBody } from '../cheat-reports/cheat-reports.controller.ts';
import { feedbackBody } from '../feedback/feedback.controller.ts';
import { jobRequestBody } from '../jobs/job-request.ts';
import { listedStatuses } from '../jobs/list-filters.ts';

const text = { type: 'string' };
const job = ofPath('uuid', 'The job.', { type: 'string', format: 'uuid' });
const notFound = { 404: is('Detail') };
const readsBody = {
  400: is('FieldErrors', 'Detail', 'Failure', 'Sentences'),
  408: is('Detail'),
  415: is('Detail'),
};

/** All of the API, in the order in which a user comes to need it. */
export const operations: Operation[] = [
  {
    method: 'get',
    path: '/auth/nonce',
    summary: 'Get a nonce to log in with',
    needs: 'nothing',
    answers: { 200: is('Nonce'), 401: is('Detail') },
  },
  {
    method: 'post',
    path: '/auth/login',
    summary: 'Log in: a signed nonce for a token',
    about:
      'The signature is by the hotkey (sr25519) over the bytes of the whole nonce. A nonce is good for one login.',
    needs: 'nothing',
    body: {
      type: 'object',
      properties: {
        hotkey: { type: 'string', description: 'The SS58 address of the hotkey.' },
        signature: { type: 'string', description: '128 hexadecimal digits, without 0x.' },
        nonce: text,
      },
      required: ['hotkey', 'signature', 'nonce'],
    },
    answers: { ...readsBody, 200: is('Token'), 401: is('Failure') },
  },
  {
    method: 'get',
    path: '/api/v1/validators/',
    summary: 'List the validators',
    needs: 'login',
    answers: { 200: is('Validators') },
  },
  {
    method: 'post',
    path: '/api/v1/job-docker/',
    summary: 'Create a job, or find out whether it could run',
    about:
      'The same request again is the same job. A dry run is answered with 200, and nothing of it is kept; its validator has to speak the extension ask-1.',
    needs: 'signature',
    parameters: [
      query('dry_run', 'Whether to ask only if the job could run now.', { type: 'boolean', default: false }),
      {
        name: 'Idempotency-Key',
        in: 'header',
        about: 'A text of your own: for 24 hours the same key with the same job is the same job.',
        schema: { type: 'string', minLength: 1, maxLength: 255, pattern: '^[!-~]+$' },
      },
    ],
    body: jobRequestBody.schema,
    answers: {
      ...readsBody,
      200: is('DryRun', 'Job'),
      201: is('Job'),
      409: is('Sentences'),
      410: is('Sentences'),
      422: is('Sentences'),
    },
  },
  {
    method: 'get',
    path: '/api/v1/jobs/',
    summary: 'List your jobs, newest first',
    about: 'By pages, or with cursor (empty at first) by what follows another list.',
    needs: 'login',
    parameters: [
      query('page', 'From 1, or "last".', { anyOf: [{ type: 'integer', minimum: 1 }, { const: 'last' }] }),
      query('page_size', 'At most 256.', { type: 'integer', default: 10 }),
      query('cursor', 'Where to go on; empty: at the beginning.', text),
      query('lean', 'Whether to leave out what jobs were given and have left.', {
        type: 'boolean',
        default: false,
      }),
      query('uuid', 'These jobs; may be repeated.', {
        type: 'array',
        items: { type: 'string', format: 'uuid' },
      }),
      query('status', 'Jobs with one of these statuses; may be repeated.', {
        type: 'array',
        items: { type: 'string', enum: listedStatuses },
      }),
      query('executor_class', 'Jobs of this class.', { type: 'string', enum: ExecutorClass }),
      query('tag', 'Jobs with this tag.', text),
      query('job_namespace', 'Jobs of this namespace.', text),
      query('created_after', 'Jobs that were created later.', { type: 'string', format: 'date-time' }),
      query('created_before', 'Jobs that were created earlier.', { type: 'string', format: 'date-time' }),
    ],
    answers: { ...notFound, 200: is('JobPage', 'JobsBehind'), 400: is('FieldErrors') },
  },
  {
    method: 'get',
    path: '/api/v1/jobs/{uuid}/',
    summary: 'Read a job',
    needs: 'login',
    parameters: [job],
    answers: { ...notFound, 200: is('Job') },
  },
  {
    method: 'get',
    path: '/api/v1/jobs/{uuid}/events/',
    summary: 'Follow a job: server-sent events',
    about:
      'status, wait, progress, output, gap, and end as the last one; docs/job.md describes them. Goes on behind Last-Event-ID.',
    needs: 'login',
    parameters: [
      job,
      { name: 'Last-Event-ID', in: 'header', about: 'The id of the last event that came.', schema: text },
    ],
    answers: { ...notFound, 200: [{ type: 'text/event-stream' }], 400: is('Detail') },
  },
  {
    method: 'get',
    path: '/api/v1/jobs/{uuid}/describe/',
    summary: 'Ask why a job waits, or why it ended so',
    needs: 'login',
    parameters: [job],
    answers: { ...notFound, 200: is('Description') },
  },
  {
    method: 'post',
    path: '/api/v1/jobs/{uuid}/cancel/',
    summary: 'Cancel a job',
    about: 'The job goes on until its validator has heard of it. Its end is then failed, with cancelled_by.',
    needs: 'login',
    parameters: [job],
    answers: { ...notFound, 202: is('Job'), 409: is('Sentences') },
  },
  ...(['post', 'put'] as const).map((method): Operation => ({
    method,
    path: '/api/v1/jobs/{uuid}/feedback/',
    summary: 'Leave feedback on a job',
    about: 'Once for each job. The signature has the scope FullRequest.',
    needs: 'signature',
    parameters: [job],
    body: feedbackBody.schema,
    answers: { ...readsBody, ...notFound, 201: is('Feedback'), 409: is('Failure') },
  })),
  {
    method: 'get',
    path: '/api/v1/jobs/{uuid}/feedback/',
    summary: 'Read your feedback on a job',
    needs: 'login',
    parameters: [job],
    answers: { ...notFound, 200: is('Feedback') },
  },
  {
    method: 'post',
    path: '/api/v1/cheated-job/',
    summary: 'Report that a miner returned a wrong result',
    about: 'The signature has the scope FullRequest.',
    needs: 'signature',
    body: cheatReportBody.schema,
    answers: { ...readsBody, 201: is('Message'), 404: is('Failure') },
  },
];
