import { pages, reads, readsPages, refused, spans, unknown } from '@horde/panel-server';
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
} from '@horde/openapi';
import { ExecutorClass, JobStatus } from '@horde/protocol';

const job = {
  uuid,
  status: { type: 'string', enum: JobStatus },
  status_label: string,
  has_ended: boolean,
  signatory: orNull(string),
  facilitator: string,
  executor_class: string,
  attempts: integer,
  miner_hotkey: orNull(string),
  received_at: time,
  ended_at: orNull(time),
};

export const jobSchemas = {
  Jobs: pages('Jobs of this validator, newest first.', object('A job.', job)),
  JobPage: object('A job, with all that is known of it and none of its secrets.', {
    ...job,
    sentence: string,
    cancelled_by: orNull(string),
    timeline: spans(
      'A time in which it was in a status, waited, or was with a miner.',
      ['status', 'wait', 'attempt'],
      number,
    ),
    tries: list(
      object('A miner that was asked to run it.', {
        number: integer,
        uuid,
        miner_hotkey: string,
        miner_address: string,
        started_at: time,
        deadline: orNull(time),
        ended_at: orNull(time),
        outcome: orNull(string),
        reason: orNull(string),
        message: orNull(string),
        booking: orNull(
          object('What is booked for it of the miner’s allowance.', {
            seconds: number,
            blocks: orNull(string),
            is_spent: boolean,
          }),
        ),
      }),
    ),
    choices: list(
      object('Who was to have it, and why.', {
        at: time,
        sentence: string,
        attempt: orNull(integer),
        candidates: list(
          object('A miner that was looked at.', {
            hotkey: string,
            reliability: number,
            chance: number,
            offered: integer,
            busy: integer,
            allowance: number,
            is_chosen: boolean,
            sentence: string,
          }),
        ),
        others: list(object('How many more there were.', { sentence: string, count: integer })),
      }),
    ),
    receipts: list(
      object('A receipt of this validator.', {
        job_uuid: uuid,
        type: string,
        miner_hotkey: string,
        timestamp: time,
        is_countersigned: boolean,
        score: orNull(string),
        block_numbers: orNull(list(integer)),
      }),
    ),
    request: orNull(
      object('What it asks for.', {
        docker_image: string,
        args: list(string),
        env_names: list(string),
        on_trusted_miner: boolean,
        is_streaming: boolean,
        volume: orNull(string),
        output_upload: orNull(string),
        download_time_limit: integer,
        execution_time_limit: integer,
        upload_time_limit: integer,
        streaming_start_time_limit: integer,
      }),
    ),
  }),
  NewJob: object('The job that was made.', { uuid }),
};

const theJob = [ofPath('uuid', 'The job, or what it is called towards one of its miners.', uuid)];

export const jobOperations: Operation[] = [
  readsPages('jobs', 'List the jobs', 'Jobs', {
    status: ['Jobs with this status.', { type: 'string', enum: JobStatus }],
    executor_class: ['Jobs of this class.', { type: 'string', enum: ExecutorClass }],
    hotkey: ['Jobs that this hotkey signed.', string],
    miner: ['Jobs that this miner was asked for, by when it was.', string],
    uuid_prefix: ['Jobs whose uuid begins like this.', string],
  }),
  reads('jobs/{uuid}', 'Read a job', 'JobPage', { parameters: theJob, answers: unknown }),
  {
    method: 'post',
    path: '/admin/api/jobs/{uuid}/cancel',
    summary: 'Cancel a job',
    needs: 'session',
    parameters: [ofPath('uuid', 'The job.', uuid)],
    answers: { 202: is('JobPage'), 409: is('Detail'), ...refused, ...unknown },
  },
  {
    method: 'post',
    path: '/admin/api/jobs/{uuid}/run-again',
    summary: 'Run what a job asked for as a job of the operator’s own',
    needs: 'session',
    parameters: [ofPath('uuid', 'The job.', uuid)],
    answers: { 201: is('NewJob'), 409: is('Detail'), ...refused, ...unknown },
  },
];
