import { Injectable } from '@nestjs/common';
import { Database, GatheredBell, Outbox, type Transaction } from '@horde/database';
import {
  JobCheated,
  make,
  writeCompact,
  writeFrame,
  type JsonValue,
  type RequestSignature,
} from '@horde/protocol';
import { failure } from '@horde/rest';

/** A user says that a job's result differs from that of the same job on a trusted miner. */
export interface CheatReport {
  job_uuid: string;
  trusted_job_uuid: string;
  /** Any JSON; null: none. */
  details: JsonValue;
}

/** Reports of wrong results, one for each job, and their way to the job's validator. */
@Injectable()
export class CheatReports {
  constructor(
    private readonly database: Database,
    private readonly outbox: Outbox,
    private readonly bell: GatheredBell,
  ) {}

  /**
   * Stores a report and has it delivered.
   *
   * @param requireSignature returns the user's signature; called when nothing else is wrong
   * @throws Refusal 404 when the user has no such jobs, 400 when there is a report, or no signature
   */
  async report(hotkey: string, report: CheatReport, requireSignature: () => RequestSignature): Promise<void> {
    await this.database.transaction(async (tx) => {
      const { job_uuid, trusted_job_uuid } = report;
      const validator = await validatorOf(tx, hotkey, job_uuid, false);
      if (validator === null) throw failure(404, 'Job not found');
      if ((await validatorOf(tx, hotkey, trusted_job_uuid, true)) === null)
        throw failure(404, 'Trusted job not found');
      const reported = await tx.manager.query<unknown[]>('select from cheat_report where job_uuid = $1', [
        job_uuid,
      ]);
      if (reported.length > 0) throw exists();
      const signature = requireSignature();
      // Validators cannot read a report without details; one that is signed over null verifies all the same.
      const details = report.details ?? new Map<string, never>();
      const inserted = await tx.manager.query<unknown[]>(
        `insert into cheat_report (job_uuid, trusted_job_uuid, details, signature) values ($1, $2, $3, $4)
         on conflict do nothing returning 1`,
        [job_uuid, trusted_job_uuid, writeCompact(details), writeFrame(signature)],
      );
      if (inserted.length === 0) throw exists();
      tx.afterCommit(() => this.bell.ring('cheat-reports'));
      const message = make(JobCheated, { signature, job_uuid, trusted_job_uuid, details });
      await this.outbox.put(tx, validator, job_uuid, message);
    });
  }
}

/** Whose job it is to run this one; null: the user has no such job. */
async function validatorOf(
  tx: Transaction,
  hotkey: string,
  uuid: string,
  onTrustedMiner: boolean,
): Promise<string | null> {
  const [job] = await tx.manager.query<{ validator: string }[]>(
    `select target_validator_hotkey as validator from job
     where uuid = $1 and hotkey = $2 and on_trusted_miner = $3`,
    [uuid, hotkey, onTrustedMiner],
  );
  return job?.validator ?? null;
}

const exists = () => failure(400, 'Cheat report already exists for this job');
