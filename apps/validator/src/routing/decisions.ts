import { Injectable } from '@nestjs/common';
import { Database, PreparedStatement, type Transaction } from '@horde/database';
import { Attempt } from '../jobs/attempt.entity.ts';
import { Job } from '../jobs/job.entity.ts';
import type { LastEvent } from '../jobs/job-sentence.ts';
import { RoutingDecision } from './routing-decision.entity.ts';

/** Of a longer result it is not said why the job ended. @unit bytes */
const maxMetadata = 256 * 1024;
/** In place of an attempt, where a decision has led to none. */
const noAttempt = '00000000-0000-0000-0000-000000000000';

const keep = new PreparedStatement(`
  insert into routing_decision (job_uuid, attempt, decision) values ($1, $2, $3)
  on conflict (job_uuid, attempt) do update set decision = excluded.decision, decided_at = now()
  where routing_decision.decision <> excluded.decision`);

/** What is known of how a job got its miners. */
export interface JobRouting {
  job: Job;
  /** When it got its status. */
  since: Date;
  /** How it got it; undefined: it has none yet. */
  last: LastEvent | undefined;
  /** Oldest first, as the decisions. */
  attempts: Attempt[];
  decisions: { decision: RoutingDecision; attempt: Attempt | null }[];
}

/** The decisions of the router, kept as long as their jobs. */
@Injectable()
export class Decisions {
  constructor(private readonly database: Database) {}

  /**
   * Keeps a decision; of those in vain the last alone.
   *
   * @param attempt what it has led to; null: to none
   */
  keep(tx: Transaction, jobUuid: string, attempt: string | null, decision: string): void {
    tx.later(keep, [jobUuid, attempt ?? noAttempt, decision]);
  }

  /** A job with its decisions; null when it is not known. @param name its uuid, or what one of its miners knows it by */
  async of(name: string): Promise<JobRouting | null> {
    const { manager } = this.database;
    const [{ uuid: jobUuid }] = await manager.query<[{ uuid: string }]>(
      'select coalesce((select job_uuid from attempt where uuid = $1), $1) as uuid',
      [name],
    );
    const job = await manager.findOneBy(Job, { uuid: jobUuid });
    if (!job) return null;
    const [last] = await manager.query<(LastEvent & { at: Date })[]>(
      `select at, status, case when octet_length(metadata) <= ${maxMetadata} then metadata end as metadata
       from job_event where job_uuid = $1 order by id desc limit 1`,
      [jobUuid],
    );
    const attempts = await manager.find(Attempt, { where: { job_uuid: jobUuid }, order: { number: 'asc' } });
    const decisions = await manager.find(RoutingDecision, {
      where: { job_uuid: jobUuid },
      order: { decided_at: 'asc' },
    });
    const attemptOf = ({ attempt }: RoutingDecision) => attempts.find(({ uuid }) => uuid === attempt) ?? null;
    return {
      job,
      since: last?.at ?? job.received_at,
      last,
      attempts,
      decisions: decisions.map((decision) => ({ decision, attempt: attemptOf(decision) })),
    };
  }
}
