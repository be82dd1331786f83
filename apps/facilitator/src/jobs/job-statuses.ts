import { Injectable } from '@nestjs/common';
import { Database, PreparedStatement, type Transaction } from '@horde/database';
import {
  HordeFailureDetails,
  isTerminal,
  JobStatus,
  make,
  mayFollow,
  StreamingServerDetails,
  withoutNuls,
  writeCompact,
  type HordeFailureReason,
  type JobStatusUpdate,
  type JsonObject,
  type JsonValue,
} from '@horde/protocol';
import { FacilitatorSettings } from '../settings.ts';
import { JobNews } from '../events/job-news.ts';
import { isUuid } from './page.ts';
import { silenceLimit } from './deadline-rules.ts';
import { ownMetadata, storedMetadata, type StoredMetadata } from './status-metadata.ts';

/**
 * - `stored`: the job has moved on
 * - `not_found`: this validator has no such job
 * - `out_of_order`: the job has this status or a later one, or has ended; nothing was changed
 */
export type UpdateResult = 'stored' | 'not_found' | 'out_of_order';

/** An update, and the same as it came. */
export interface StatusSaid {
  update: JobStatusUpdate;
  raw: JsonObject;
}

interface Advance {
  uuid: string;
  validator: string;
  status: JobStatus;
  said: StoredMetadata;
  streaming: StreamingServerDetails | null;
  /** The statuses that it may follow. @default those of the job's path */
  from?: JobStatus[];
  /** Only when nothing has been heard of the job for too long. */
  isExpiry?: boolean;
}

const move = new PreparedStatement<{ stored: boolean; known: boolean; isCancelled: boolean }>(
  `with moved as (
     update job set status = $3,
       overdue_at = case when not $14 then clock_timestamp() + make_interval(secs => longest_run + $15) end,
       streaming_server_cert = coalesce($11, streaming_server_cert),
       streaming_server_address = coalesce($12, streaming_server_address),
       streaming_server_port = coalesce($13::bigint, streaming_server_port)
     where uuid = $1 and target_validator_hotkey = $2 and status = any($4)
       and (not $16 or overdue_at < clock_timestamp())
     returning uuid, cancelled_at
   ), noted as (
     insert into job_status (job_uuid, status, metadata, response, stdout, stderr, artifacts, upload_results)
     select uuid, $3, $5::json, $6::json, $7::bytea, $8::bytea, $9::bytea, $10::bytea from moved returning id
   ), settled as (
     delete from outbox using moved
     where peer = $2 and subject = moved.uuid::text and type = 'V2JobRequest'
   )
   select exists (select from noted) as stored,
     exists (select from moved where cancelled_at is not null) as "isCancelled",
     exists (select from job where uuid = $1 and target_validator_hotkey = $2) as known`,
);

/** How jobs move from status to status. */
@Injectable()
export class JobStatuses {
  constructor(
    private readonly database: Database,
    private readonly news: JobNews,
    private readonly settings: FacilitatorSettings,
  ) {}

  /** Stores what a validator says about one of its jobs. */
  async update(validator: string, said: StatusSaid): Promise<UpdateResult> {
    return this.database.single((tx) => this.updateIn(tx, validator, said));
  }

  /** As `update`, for several: in their order, and all of them or none. */
  async updateAll(validator: string, all: readonly StatusSaid[]): Promise<UpdateResult[]> {
    if (all.length === 1) return [await this.update(validator, all[0]!)];
    return this.database.transaction(async (tx) => {
      const results: UpdateResult[] = [];
      for (const said of all) results.push(await this.updateIn(tx, validator, said));
      return results;
    });
  }

  /** Ends a job that the facilitator itself cannot go on with. */
  async failHere(validator: string, uuid: string, message: string): Promise<UpdateResult> {
    return this.advance({ uuid, validator, ...failedHere('generic_error', message) });
  }

  /** Ends a job of which nothing is heard any more. Returns false when it has moved on meanwhile, or has ended. */
  async expireIn(
    tx: Transaction,
    { uuid, validator, status }: { uuid: string; validator: string; status: JobStatus },
    message: string,
  ): Promise<boolean> {
    const end = failedHere('unhandled_timeout', message);
    const result = await this.advanceIn(tx, { uuid, validator, ...end, from: [status], isExpiry: true });
    return result === 'stored';
  }

  private async updateIn(
    tx: Transaction,
    validator: string,
    { update, raw }: StatusSaid,
  ): Promise<UpdateResult> {
    if (!isUuid(update.uuid)) return 'not_found';
    const result = await this.advanceIn(tx, {
      uuid: update.uuid,
      validator,
      status: update.status,
      said: storedMetadata(update, raw.get('metadata')),
      streaming: update.status === 'streaming_ready' ? (update.metadata?.streaming_details ?? null) : null,
    });
    // A job that was given up here has ended there, too: it need not be cancelled any more.
    if (result === 'out_of_order' && isTerminal(update.status)) await dropCancel(tx, validator, update.uuid);
    return result;
  }

  /**
   * Moves a job forward, in one statement: two updates at once leave one of them without effect. The first status is
   * also the sign that the validator has the job, so that it need not be sent again.
   */
  private advance(advance: Advance): Promise<UpdateResult> {
    return this.database.single((tx) => this.advanceIn(tx, advance));
  }

  private async advanceIn(tx: Transaction, advance: Advance): Promise<UpdateResult> {
    const { uuid, validator, status, streaming, isExpiry = false } = advance;
    const { from = JobStatus.filter((one) => mayFollow(one, status)) } = advance;
    const { metadata, response } = advance.said;
    const [result] = await move.run(tx.manager, [
      uuid,
      validator,
      status,
      from,
      writeCompact(metadata),
      response && writeCompact(response.rest),
      bytes(response?.stdout),
      bytes(response?.stderr),
      bytes(response?.artifacts),
      bytes(response?.uploadResults),
      withoutNuls(streaming?.streaming_server_cert ?? null),
      withoutNuls(streaming?.streaming_server_address ?? null),
      streaming?.streaming_server_port ?? null,
      isTerminal(status),
      silenceLimit(this.settings.jobWaitLimit),
      isExpiry,
    ]);
    if (!result!.stored) return result!.known ? 'out_of_order' : 'not_found';
    if (result!.isCancelled && isTerminal(status)) await dropCancel(tx, validator, uuid);
    this.news.ring(tx, uuid.toLowerCase());
    return 'stored';
  }
}

/**
 * A job that has ended need not be cancelled. A statement of its own: the one that ends the job does not see the message of
 * a cancellation that it had to wait for.
 */
async function dropCancel(tx: Transaction, validator: string, uuid: string): Promise<void> {
  await tx.manager.query(
    `delete from outbox where peer = $1 and subject = $2 and type = 'V0CancelJobRequest'`,
    [validator, uuid.toLowerCase()],
  );
}

/** How a job ends that the facilitator itself ends. */
function failedHere(
  reason: HordeFailureReason,
  message: string,
): Pick<Advance, 'status' | 'said' | 'streaming'> {
  const details = make(HordeFailureDetails, { reported_by: 'facilitator', reason, message });
  const said = { metadata: ownMetadata({ horde_failure_details: details }), response: null };
  return { status: 'horde_failed', said, streaming: null };
}

/** The JSON of a value as it is stored; null: there is no value. */
export const bytes = (value: JsonValue | undefined): Buffer | null =>
  value === undefined || value === null ? null : Buffer.from(writeCompact(value));
