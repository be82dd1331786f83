import { createHash, randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Database, Outbox, type Transaction } from '@horde/database';
import {
  errors,
  toJson,
  toJsonValue,
  writeCompact,
  writeFrame,
  type NewJob,
  type RequestSignature,
} from '@horde/protocol';
import { Channels } from '../validators/channels.service.ts';
import { newJob, type JobRequest } from './job-request.ts';
import { jobResource, selectJobs, type JobRow } from './job-resource.ts';
import { invalidPage, type ListQuery } from './page.ts';

export interface Creation {
  /** The hotkey that is logged in; it owns the job. */
  hotkey: string;
  signature: RequestSignature;
  /** The exact body. */
  body: Buffer;
  request: JobRequest;
}

/** The jobs of users: creating and reading them. Resources are JSON texts. */
@Injectable()
export class Jobs {
  constructor(
    private readonly database: Database,
    private readonly outbox: Outbox,
    private readonly channels: Channels,
  ) {}

  /**
   * Creates a job and has it sent to its validator. The same request again (same user, signature and body) is the same
   * job, so that a user whose connection broke can repeat it.
   *
   * @throws HordeError NO_VALIDATOR when the target validator is not connected, JOB_TOO_LARGE when it could not read it
   */
  async create(creation: Creation): Promise<{ uuid: string; resource: string }> {
    const key = creationKey(creation);
    const { target_validator_hotkey: validator } = creation.request;
    const [repeated] = await this.read('where creation_key = $1', [key]);
    if (repeated) return { uuid: repeated.uuid, resource: jobResource(repeated) };

    const message = newJob(randomUUID(), creation.request, creation.signature);
    const channel = await this.channels.newest(validator);
    if (!channel) throw errors.NO_VALIDATOR();
    const size = Buffer.byteLength(writeFrame(message));
    if (size > channel.largestFrame) throw errors.JOB_TOO_LARGE(size, channel.largestFrame);

    await this.database.transaction(async (tx) => {
      // Nothing is inserted when the same request has won a race against this one.
      if (await insertJob(tx, key, creation, message))
        await this.outbox.put(tx, validator, message.uuid, message);
    });
    const [created] = await this.read('where creation_key = $1', [key]);
    return { uuid: created!.uuid, resource: jobResource(created!) };
  }

  /** One of the user's jobs; null when there is none with this uuid. */
  async find(hotkey: string, uuid: string): Promise<string | null> {
    const [row] = await this.read('where uuid = $1 and hotkey = $2', [uuid, hotkey]);
    return row ? jobResource(row) : null;
  }

  /** A page of the user's jobs, newest first. @throws Refusal 404 when there is no such page */
  async list(
    hotkey: string,
    query: ListQuery,
  ): Promise<{ count: number; page: number; pages: number; jobs: string[] }> {
    const where = `where hotkey = $1 and ($2::text is null or tag = $2) and ($3::uuid[] is null or uuid = any($3))`;
    const filter = [hotkey, query.tag, query.uuids];
    const [{ count }] = (await this.database.manager.query(
      `select count(*)::int from job ${where}`,
      filter,
    )) as [{ count: number }];
    const pages = Math.max(1, Math.ceil(count / query.pageSize));
    const page = query.page === 'last' ? pages : query.page;
    if (page > pages) throw invalidPage();
    const rows = await this.read(`${where} order by job.created_at desc, uuid limit $4 offset $5`, [
      ...filter,
      query.pageSize,
      (page - 1) * query.pageSize,
    ]);
    return { count, page, pages, jobs: rows.map(jobResource) };
  }

  private read(conditions: string, parameters: unknown[]): Promise<JobRow[]> {
    return this.database.manager.query(`${selectJobs} ${conditions}`, parameters);
  }
}

function creationKey({ hotkey, signature, body }: Creation): Buffer {
  const hash = createHash('sha256').update(`${hotkey}\n${signature.signatory}\n${signature.timestamp_ns}\n`);
  return hash.update(Buffer.from(signature.signature, 'base64')).update(body).digest();
}

/** Returns false when a job with this key exists already. */
async function insertJob(
  tx: Transaction,
  key: Buffer,
  creation: Creation,
  message: NewJob,
): Promise<boolean> {
  const { request } = creation;
  const json = (value: unknown): string => writeCompact(toJsonValue(value));
  const columns: Record<string, unknown> = {
    uuid: message.uuid,
    creation_key: key,
    hotkey: creation.hotkey,
    signature: writeFrame(creation.signature),
    ...request,
    args: json(request.args),
    env: json(request.env),
    volumes: json(request.volumes.map(toJson)),
    uploads: json(request.uploads.map(toJson)),
    streaming_client_cert: request.streaming_client_cert ?? '',
  };
  const names = Object.keys(columns);
  const inserted: unknown[] = await tx.manager.query(
    `with created as (
       insert into job (${names.join(', ')}) values (${names.map((_name, index) => `$${index + 1}`).join(', ')})
       on conflict (creation_key) do nothing returning uuid, created_at
     )
     insert into job_status (job_uuid, status, created_at) select uuid, 'sent', created_at from created returning id`,
    Object.values(columns),
  );
  return inserted.length > 0;
}
