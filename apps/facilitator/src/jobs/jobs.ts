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
import { Channels, maxPythonFrame } from '../validators/channels.ts';
import { newJob, type JobRequest } from './job-request.ts';
import { jobResource } from './job-resource.ts';
import { readJobs, readText } from './job-rows.ts';
import { invalidPage, type ListQuery } from './page.ts';

/** How many jobs of a page are read at once. */
const batchSize = 16;

export interface Creation {
  /** The hotkey that is logged in; it owns the job. */
  hotkey: string;
  signature: RequestSignature;
  /** The exact body. */
  body: Buffer;
  request: JobRequest;
}

/** Which jobs are on a page of a list. */
export interface JobPage {
  /** Jobs on all pages. */
  count: number;
  page: number;
  pages: number;
  uuids: string[];
}

/** The jobs of users: creating, finding and reading them. */
@Injectable()
export class Jobs {
  constructor(
    private readonly database: Database,
    private readonly outbox: Outbox,
    private readonly channels: Channels,
  ) {}

  /**
   * Creates a job and has it sent to its validator. The same request again (same user, signature and body) is the same
   * job, so that a user whose connection broke can repeat it. Returns the job's uuid.
   *
   * @throws HordeError VALIDATOR_… when the target validator is not there, JOB_TOO_LARGE when it could not read it
   */
  async create(creation: Creation): Promise<string> {
    const key = creationKey(creation);
    const { target_validator_hotkey: validator } = creation.request;
    const repeated = await this.created(key);
    if (repeated) return repeated;

    const message = newJob(randomUUID(), creation.request, creation.signature);
    const maxFrame = await this.maxFrameOf(validator);
    const size = Buffer.byteLength(writeFrame(message));
    if (size > maxFrame) throw errors.JOB_TOO_LARGE(size, maxFrame);

    await this.database.transaction(async (tx) => {
      // Nothing is inserted when the same request has won a race against this one.
      if (await insertJob(tx, key, creation, message))
        await this.outbox.put(tx, validator, message.uuid, message);
    });
    return (await this.created(key))!;
  }

  /** Whether this is one of the user's jobs. */
  async has(hotkey: string, uuid: string): Promise<boolean> {
    const rows = await this.database.manager.query<unknown[]>(
      'select from job where uuid = $1 and hotkey = $2',
      [uuid, hotkey],
    );
    return rows.length > 0;
  }

  /** A page of the user's jobs, newest first. @throws Refusal 404 when there is no such page */
  async list(hotkey: string, query: ListQuery): Promise<JobPage> {
    const parameters: unknown[] = [hotkey];
    const conditions = ['hotkey = $1'];
    if (query.tag !== null) conditions.push(`tag = $${parameters.push(query.tag)}`);
    if (query.uuids !== null) conditions.push(`uuid = any($${parameters.push(query.uuids)}::uuid[])`);
    const where = conditions.join(' and ');
    const { manager } = this.database;
    const [{ count }] = await manager.query<[{ count: number }]>(
      `select count(*)::int as count from job where ${where}`,
      parameters,
    );
    const pages = Math.max(1, Math.ceil(count / query.pageSize));
    const page = query.page === 'last' ? pages : query.page;
    if (page > pages) throw invalidPage();
    // Read from an index alone, however far down the list it is.
    const rows = await manager.query<{ uuid: string }[]>(
      `select uuid from job where ${where} order by created_at desc, uuid
       limit ${query.pageSize} offset ${(page - 1) * query.pageSize}`,
      parameters,
    );
    return { count, page, pages, uuids: rows.map(({ uuid }) => uuid) };
  }

  /** The resources of jobs as JSON, with commas between them. What is in memory at a time does not depend on their size. */
  async *resources(uuids: string[]): AsyncGenerator<string | Buffer> {
    let isFirst = true;
    for (let at = 0; at < uuids.length; at += batchSize) {
      for (const job of await readJobs(this.database, uuids.slice(at, at + batchSize))) {
        if (!isFirst) yield ',';
        isFirst = false;
        for (const piece of jobResource(job)) {
          if (typeof piece === 'string') yield piece;
          else yield* readText(this.database, piece);
        }
      }
    }
  }

  /** The largest frame that a validator reads. @unit bytes */
  private async maxFrameOf(hotkey: string): Promise<number> {
    const channel = await this.channels.newest(hotkey);
    if (channel) return channel.maxFrame;
    const { isComing, isKnown, isActive, lastSeen } = await this.channels.absence(hotkey);
    if (isComing) return maxPythonFrame; // by how it connects it tells whether it reads more
    const shown = hotkey.slice(0, 100);
    if (!isKnown) throw errors.VALIDATOR_UNKNOWN(shown);
    if (!isActive) throw errors.VALIDATOR_INACTIVE(shown);
    throw lastSeen === null
      ? errors.VALIDATOR_NEVER_CONNECTED(shown)
      : errors.VALIDATOR_GONE(shown, lastSeen);
  }

  /** The job that was created with this key; null: none was. */
  private async created(key: Buffer): Promise<string | null> {
    const [row] = await this.database.manager.query<{ uuid: string }[]>(
      'select uuid from job where creation_key = $1',
      [key],
    );
    return row?.uuid ?? null;
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
