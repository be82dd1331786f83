import { boolean, integer, list, number, object, orNull, string, time, uuid } from '@horde/openapi';
import { jobsByHour, pages, results, spans, spansByHour } from '@horde/panel-server';
import { JobStatus } from '@horde/protocol';

const job = {
  uuid,
  status: { type: 'string', enum: JobStatus },
  status_label: string,
  has_ended: boolean,
  hotkey: string,
  target_validator_hotkey: string,
  executor_class: string,
  docker_image: string,
  job_namespace: orNull(string),
  tag: string,
  created_at: time,
};
const files = list(object('What a job gets, or leaves.', { type: string, path: orNull(string) }));
const user = object('A hotkey that may use this facilitator, or has used it.', {
  hotkey: string,
  since: { ...orNull(time), description: 'null: it is not on the whitelist any more.' },
  max_unfinished_jobs: { ...orNull(integer), description: 'null: as the settings say; 0: any number.' },
  max_creations_per_minute: { ...orNull(integer), description: 'null: as the settings say; 0: any number.' },
  unfinished_jobs: integer,
  recent_jobs: { ...integer, description: 'Of 24 hours; more than 1,000 are not counted.' },
  recent_failures: integer,
  last_job_at: orNull(time),
});
const validator = {
  hotkey: string,
  active: boolean,
  pinned: boolean,
  connected: boolean,
  version: orNull(string),
  extensions: list(string),
  last_seen: orNull(time),
  unfinished_jobs: integer,
};
const miner = object('A miner, with the machine that a validator has described last.', {
  hotkey: string,
  active: boolean,
  ip: string,
  port: integer,
  missed_since: orNull(time),
  version: orNull(string),
  runner_version: orNull(string),
  version_since: orNull(time),
  measured_at: orNull(time),
  measured_by: orNull(string),
  cpu_model: orNull(string),
  cpu_count: orNull(integer),
  total_ram: { ...orNull(number), description: 'In GiB.' },
  total_hdd: { ...orNull(number), description: 'In GiB.' },
  os: orNull(string),
  virtualization: orNull(string),
  gpus: list(
    object('GPUs of one model.', {
      model: string,
      count: integer,
      vram: { ...orNull(number), description: 'In MiB.' },
      driver: orNull(string),
      cuda: orNull(string),
    }),
  ),
  machines: { ...integer, description: 'How many different ones were described in 24 hours.' },
});
const feedback = object('What a user says of a job.', {
  job_uuid: uuid,
  hotkey: string,
  target_validator_hotkey: string,
  executor_class: string,
  status: string,
  at: time,
  result_correctness: number,
  expected_duration: orNull(number),
  took: { ...number, description: 'In seconds.' },
});

const cheatReport = object('A user says that a result differs from that of the trusted miner.', {
  job_uuid: uuid,
  trusted_job_uuid: uuid,
  hotkey: string,
  target_validator_hotkey: string,
  executor_class: string,
  at: time,
  details: { ...string, description: 'What the user says of it, as JSON, without secrets.' },
  is_delivered: { ...boolean, description: 'Whether its validator has the report.' },
});

/** The answers of the facilitator's panel by name: those of the types in `@horde/panel-api`. */
export const schemas = {
  Overview: object('How the facilitator is.', {
    unfinished: integer,
    connected_validators: integer,
    whitelisted: integer,
    hours: jobsByHour('The jobs that were created in an hour.'),
    wait_median: orNull(number),
    wait_p95: orNull(number),
    run_median: orNull(number),
    run_p95: orNull(number),
    waits: spansByHour('The median until a miner accepted the jobs that were created in an hour.'),
  }),
  Jobs: pages('Jobs of all users, newest first.', object('A job.', job)),
  JobPage: object('A job, with all that happened to it and none of its secrets.', {
    ...job,
    sentence: string,
    timeline: spans('A time in which it was in a status, or waited.', ['status', 'wait']),
    transfers: list(
      object('Bytes on their way.', { stage: string, name: string, done: integer, total: orNull(integer) }),
    ),
    cancelled_at: orNull(time),
    args: list(string),
    env_names: list(string),
    use_gpu: boolean,
    on_trusted_miner: boolean,
    volumes: files,
    uploads: files,
    artifacts: list(object('A file that it has left.', { name: string, size: integer })),
  }),
  Description: object('Why a job is where it is, as its validator tells it.', { uuid, sentence: string }),
  Validators: results('The validators, those that are connected first.', object('A validator.', validator)),
  ValidatorPage: object('A validator.', {
    ...validator,
    connections: list(
      object('A connection of it.', {
        since: time,
        last_heartbeat: time,
        extensions: list(string),
        largest_frame: integer,
      }),
    ),
    recent: object('What became of its jobs of 24 hours.', {
      completed: integer,
      failed: integer,
      going_on: integer,
    }),
  }),
  Miners: results('The miners, those on the chain first.', miner),
  Feedback: object('What users say of their jobs, the newest first.', {
    results: list(feedback),
    next: orNull(string),
    count: integer,
    is_estimate: boolean,
  }),
  CheatReports: pages('Reports of wrong results, the newest first.', cheatReport),
  Users: results(
    'The hotkeys that may use this facilitator, the newest first; behind them those that may no longer.',
    user,
  ),
  User: user,
};
