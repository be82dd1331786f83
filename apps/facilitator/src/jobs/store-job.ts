import { insertMessage, PreparedStatement, type StoredMessage } from '@horde/database';
import {
  toJson,
  toJsonValue,
  writeCompact,
  writeFrame,
  type NewJob,
  type RequestSignature,
} from '@horde/protocol';
import type { EntityManager } from 'typeorm';
import { longestRun } from './deadline-rules.ts';
import { fieldsOf, keepKey } from './idempotency-keys.ts';
import { wireTime, type StoredJob } from './job-rows.ts';
import type { JobRequest } from './job-request.ts';
import { roomNow } from './quotas.ts';

/** The columns that are as they are asked for. */
const asked = [
  'executor_class',
  'docker_image',
  'job_namespace',
  'use_gpu',
  'artifacts_dir',
  'on_trusted_miner',
  'download_time_limit',
  'execution_time_limit',
  'streaming_start_time_limit',
  'upload_time_limit',
  'tag',
] as const;
/** The columns that hold texts made of it. */
const written = [
  'signature',
  'args',
  'env',
  'volumes',
  'uploads',
  'streaming_client_cert',
  'longest_run',
] as const;
const others = [...asked, ...written];

/** $1 to $4 are those of `roomNow`. */
const [key, uuid, validator, spare, answerWithin] = [
  '$5',
  '$6::uuid',
  '$7::text',
  '$8::integer',
  '$9::float8',
];
const [idempotencyKey, fields, type, frame] = ['$10::text', '$11::bytea', '$12::text', '$13::text'];

/**
 * All that a creation stores, in one statement: the user waits for one answer of the server. Nothing is stored, and no row
 * returned, when the request has created a job before, when its Idempotency-Key is in use, and when there is not more
 * room than `spare`. Two of the same request at the same moment: one of them violates the uniqueness of its key.
 */
const store = new PreparedStatement<{ created_at: string; message_id: string }>(
  `with may as (
     select where coalesce(${roomNow} > ${spare}, true)
       and not exists (select from job where creation_key = ${key})
       and not exists (select from spent_request where creation_key = ${key})
   ), kept as (${keepKey({ hotkey: '$1', key: idempotencyKey, job: uuid, fields })}
   ), created as (
     insert into job (creation_key, uuid, hotkey, target_validator_hotkey, overdue_at, ${others.join(', ')})
     select ${key}, ${uuid}, $1, ${validator}, clock_timestamp() + make_interval(secs => ${answerWithin}),
       ${others.map((_name, index) => `$${14 + index}`).join(', ')}
     from may where ${idempotencyKey} is null or exists (select from kept)
     returning uuid, created_at
   ), noted as (
     insert into job_status (job_uuid, status, created_at) select uuid, 'sent', created_at from created
   ), told as (${insertMessage('created', { peer: validator, subject: 'uuid::text', type, frame })}
   )
   select ${wireTime('created_at')} as created_at, (select id from told) as message_id from created`,
);

export interface Creation {
  /** The hotkey that is logged in; it owns the job. */
  hotkey: string;
  signature: RequestSignature;
  request: JobRequest;
  /** The header `Idempotency-Key`; null: there was none. */
  idempotencyKey: string | null;
}

/** A job as its validator gets it. */
export interface PreparedJob {
  message: NewJob;
  /** Its text. */
  frame: string;
  /** How long the validator may leave it unanswered. @unit seconds */
  answerWithin: number;
}

interface JobToStore extends PreparedJob {
  creation: Creation;
  creationKey: Buffer;
  /** The parameters of `roomNow`. */
  quota: unknown[];
  /** How many more jobs the user has to have room for; null: it does not matter. */
  spare: number | null;
}

/** Returns the job, and the message to its validator; null: nothing was stored. */
export async function storeJob(
  manager: EntityManager,
  { creation, creationKey, message, frame: text, answerWithin, quota, spare }: JobToStore,
): Promise<(StoredJob & { told: StoredMessage }) | null> {
  const { request, signature, idempotencyKey } = creation;
  const texts: Record<(typeof written)[number], string> = {
    signature: writeFrame(signature),
    args: json(request.args),
    env: json(request.env),
    volumes: json(request.volumes.map(toJson)),
    uploads: json(request.uploads.map(toJson)),
    streaming_client_cert: request.streaming_client_cert ?? '',
    longest_run: String(longestRun(request)),
  };
  const { target_validator_hotkey } = request;
  const [row] = await store.run(manager, [
    ...quota,
    creationKey,
    message.uuid,
    target_validator_hotkey,
    spare,
    answerWithin,
    idempotencyKey,
    idempotencyKey === null ? null : fieldsOf(request),
    message.message_type,
    text,
    ...asked.map((name) => request[name]),
    ...written.map((name) => texts[name]),
  ]);
  if (!row) return null;
  const { uuid, message_type } = message;
  const { created_at, message_id } = row;
  return {
    told: { id: message_id, subject: uuid, type: message_type, frame: text, after: null },
    row: {
      ...request,
      ...texts,
      uuid,
      created_at,
      streaming_server_cert: '',
      streaming_server_address: '',
      streaming_server_port: '0',
    },
    statuses: [
      {
        job_uuid: uuid,
        status: 'sent',
        created_at,
        metadata: '{}',
        response: null,
        stdout: null,
        stderr: null,
        artifacts: null,
        upload_results: null,
      },
    ],
  };
}

const json = (value: unknown): string => writeCompact(toJsonValue(value));
