import { Injectable } from '@nestjs/common';
import { Database } from '@horde/database';
import {
  HordeFailureDetails,
  JobStatus,
  make,
  mayFollow,
  StreamingServerDetails,
  withoutNuls,
  writeCompact,
  type JobStatusUpdate,
  type JsonObject,
  type JsonValue,
} from '@horde/protocol';
import { isUuid } from './page.ts';
import { ownMetadata, storedMetadata, type StoredMetadata } from './status-metadata.ts';

/**
 * - `stored`: the job has moved on
 * - `not_found`: this validator has no such job
 * - `out_of_order`: the job has this status or a later one, or has ended; nothing was changed
 */
export type UpdateResult = 'stored' | 'not_found' | 'out_of_order';

interface Advance {
  uuid: string;
  validator: string;
  status: JobStatus;
  said: StoredMetadata;
  streaming: StreamingServerDetails | null;
}

/** How jobs move from status to status. */
@Injectable()
export class JobStatuses {
  constructor(private readonly database: Database) {}

  /** Stores what a validator says about one of its jobs. @param raw the update as it came */
  async update(validator: string, update: JobStatusUpdate, raw: JsonObject): Promise<UpdateResult> {
    if (!isUuid(update.uuid)) return 'not_found';
    return this.advance({
      uuid: update.uuid,
      validator,
      status: update.status,
      said: storedMetadata(update, raw.get('metadata')),
      streaming: update.status === 'streaming_ready' ? (update.metadata?.streaming_details ?? null) : null,
    });
  }

  /** Ends a job that the facilitator itself cannot go on with. */
  async failHere(validator: string, uuid: string, message: string): Promise<UpdateResult> {
    const details = make(HordeFailureDetails, {
      reported_by: 'facilitator',
      reason: 'generic_error',
      message,
    });
    const said = { metadata: ownMetadata({ horde_failure_details: details }), response: null };
    return this.advance({ uuid, validator, status: 'horde_failed', said, streaming: null });
  }

  /**
   * Moves a job forward, in one statement: two updates at once leave one of them without effect. The first status is
   * also the sign that the validator has the job, so that it need not be sent again.
   */
  private async advance(advance: Advance): Promise<UpdateResult> {
    const { uuid, validator, status, streaming } = advance;
    const { metadata, response } = advance.said;
    const [result] = (await this.database.manager.query(
      `with moved as (
         update job set status = $3,
           streaming_server_cert = coalesce($11, streaming_server_cert),
           streaming_server_address = coalesce($12, streaming_server_address),
           streaming_server_port = coalesce($13::bigint, streaming_server_port)
         where uuid = $1 and target_validator_hotkey = $2 and status = any($4)
         returning uuid
       ), noted as (
         insert into job_status (job_uuid, status, metadata, response, stdout, stderr, artifacts, upload_results)
         select uuid, $3, $5::json, $6::json, $7::bytea, $8::bytea, $9::bytea, $10::bytea from moved returning id
       ), settled as (
         delete from outbox using moved where peer = $2 and subject = moved.uuid::text
       )
       select exists (select from noted) as stored,
         exists (select from job where uuid = $1 and target_validator_hotkey = $2) as known`,
      [
        uuid,
        validator,
        status,
        JobStatus.filter((from) => mayFollow(from, status)),
        writeCompact(metadata),
        response && writeCompact(response.rest),
        bytes(response?.stdout),
        bytes(response?.stderr),
        bytes(response?.artifacts),
        bytes(response?.uploadResults),
        withoutNuls(streaming?.streaming_server_cert ?? null),
        withoutNuls(streaming?.streaming_server_address ?? null),
        streaming?.streaming_server_port ?? null,
      ],
    )) as { stored: boolean; known: boolean }[];
    if (result!.stored) return 'stored';
    return result!.known ? 'out_of_order' : 'not_found';
  }
}

/** The JSON of a value as it is stored; null: there is no value. */
export const bytes = (value: JsonValue | undefined): Buffer | null =>
  value === undefined || value === null ? null : Buffer.from(writeCompact(value));
