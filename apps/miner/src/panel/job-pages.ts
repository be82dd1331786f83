import { Injectable } from '@nestjs/common';
import { Database } from '@horde/database';
import type { MinerJobPage } from '@horde/panel-api';
import { isCanonicalUuid, type ExecutorClass } from '@horde/protocol';
import { detail } from '@horde/rest';
import { MinerConfig } from '../dynamic-config/miner-config.ts';
import { connectLimit } from '../jobs/limits.ts';
import { askedFor } from './asked-for.ts';
import { jobColumns, minerJob, type JobRow } from './job-list.ts';
import { jobSentence, timelineOf, type JobEvent } from './job-timeline.ts';
import { ReceiptList } from './receipt-list.ts';

/** What validators sent is looked into up to this size: beyond it the page shows less. @unit bytes */
const maxText = 256 * 1024;

/** What validator and executor have said of a job, as they said it. */
interface Frames {
  initial_request: string | null;
  job_request: string | null;
}
type Details = JobRow &
  Frames &
  Pick<MinerJobPage, 'deadline' | 'cancelled_at' | 'cancelled_by' | 'exit_status'> &
  MinerJobPage['executor'];

const short = (column: string) =>
  `case when octet_length(${column}) <= ${maxText} then ${column} end as ${column}`;

/** A job with all that happened to it, and none of its secrets. */
@Injectable()
export class JobPages {
  constructor(
    private readonly database: Database,
    private readonly config: MinerConfig,
    private readonly receipts: ReceiptList,
  ) {}

  /** @throws HttpException 404 */
  async of(uuid: string): Promise<MinerJobPage> {
    const page = isCanonicalUuid(uuid) ? await this.find(uuid) : null;
    if (!page) throw detail(404, 'The miner has no such job: it keeps them for two days.');
    return page;
  }

  /** null: there is none of this uuid. */
  async find(uuid: string): Promise<MinerJobPage | null> {
    const details = await this.details(uuid);
    if (!details) return null;
    const [events, receipts] = await Promise.all([this.events(uuid), this.receipts.of(uuid)]);
    const { initial_request, job_request, cancelled_at, cancelled_by, deadline, exit_status, ...rest } =
      details;
    const { address, start_requested_at, connected_at, exited_at, exit_code, container, ...job } = rest;
    const { limits, ...asked } = askedFor(initial_request, job_request);
    return {
      ...minerJob(job),
      ...asked,
      sentence: jobSentence(events, details),
      timeline: timelineOf(events, {
        ...limits,
        executor_startup: connectLimit(
          details.executor_class as ExecutorClass,
          this.config.get('DYNAMIC_EXECUTOR_STARTUP_TIME_LIMIT'),
        ),
      }),
      deadline,
      cancelled_at,
      cancelled_by,
      executor: { address, start_requested_at, connected_at, exited_at, exit_code, container },
      exit_status,
      receipts,
    };
  }

  private async details(uuid: string): Promise<Details | null> {
    const [row] = await this.database.manager.query<Details[]>(
      `select ${jobColumns}, ${short('initial_request')}, ${short('job_request')}, cancelled_by, exit_code,
         executor_address as address, left(executor_handle->>'container', 12) as container,
         deadline, cancelled_at, start_requested_at, connected_at, exited_at,
         (select exit_status::int from job_result where job_uuid = uuid) as exit_status
       from job where uuid = $1`,
      [uuid],
    );
    return row ?? null;
  }

  private events(uuid: string): Promise<JobEvent[]> {
    return this.database.manager.query(
      `select status, reason, message, at from job_event where job_uuid = $1 order by id`,
      [uuid],
    );
  }
}
