import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { Injectable } from '@nestjs/common';
import { Database } from '@horde/database';
import { errors, toJson, toJsonValue, writeCompact } from '@horde/protocol';
import { comeAgain } from '@horde/rest';
import type { JobRequest } from './job-request.ts';

/** How long a key stands for the job that was created with it. */
const keptFor = `interval '24 hours'`;

/**
 * Notes the job that a key creates, in SQL: a row where the creation may go on. None where another transaction is doing so,
 * or has done so within those hours. Each of the four is SQL, and the key not null.
 */
export const keepKey = ({
  hotkey,
  key,
  job,
  fields,
}: Record<'hotkey' | 'key' | 'job' | 'fields', string>) => `
  insert into idempotency_key as known (hotkey, key, job_uuid, job_fields, expires_at)
  select ${hotkey}, ${key}, ${job}, ${fields}, now() + ${keptFor} from may
  where pg_try_advisory_xact_lock(hashtextextended('idempotency key ' || ${hotkey} || ' ' || ${key}, 0))
  on conflict (hotkey, key) do update
    set job_uuid = excluded.job_uuid, job_fields = excluded.job_fields, expires_at = excluded.expires_at
    where known.expires_at <= now()
  returning key`;

/** A creation, as far as its key goes. */
interface KeyedCreation {
  hotkey: string;
  request: JobRequest;
  idempotencyKey: string | null;
}

/**
 * The key that a user gives to a creation, so that one which is sent again is the same job, signed anew or not; null: there
 * is none. As in the IETF's draft "The Idempotency-Key HTTP Header Field".
 *
 * @throws HordeError IDEMPOTENCY_KEY_MALFORMED
 */
export function idempotencyKeyOf(headers: IncomingHttpHeaders): string | null {
  const key = headers['idempotency-key'];
  if (key === undefined) return null;
  if (typeof key !== 'string' || !/^[\x20-\x7e]{1,255}$/.test(key)) throw errors.IDEMPOTENCY_KEY_MALFORMED();
  return key;
}

/** Which jobs users have created with which keys in the last 24 hours. Each hotkey has keys of its own. */
@Injectable()
export class IdempotencyKeys {
  constructor(private readonly database: Database) {}

  /** The job that was created with this key; null: none was. @throws HordeError IDEMPOTENCY_KEY_REUSED, JOB_REMOVED */
  async find({ hotkey, idempotencyKey: key, request }: KeyedCreation): Promise<string | null> {
    if (key === null) return null;
    const [row] = await this.database.manager.query<{ uuid: string; fields: Buffer; removed: boolean }[]>(
      `select job_uuid as uuid, job_fields as fields,
         not exists (select from job where uuid = idempotency_key.job_uuid) as removed
       from idempotency_key where hotkey = $1 and key = $2 and expires_at > now()`,
      [hotkey, key],
    );
    if (!row) return null;
    if (!row.fields.equals(fieldsOf(request))) throw errors.IDEMPOTENCY_KEY_REUSED(row.uuid);
    if (row.removed) throw errors.JOB_REMOVED(row.uuid);
    return row.uuid;
  }
}

/** Another request with the same key is being handled, or has just been. */
export const keyInUse = () => comeAgain(errors.IDEMPOTENCY_KEY_IN_USE(), 1);

/** A digest of everything that is asked for. */
export function fieldsOf({ volumes, uploads, ...fields }: JobRequest): Buffer {
  const all = toJsonValue({ ...fields, volumes: volumes.map(toJson), uploads: uploads.map(toJson) });
  return createHash('sha256').update(writeCompact(all)).digest();
}
