import { Injectable } from '@nestjs/common';
import { Conditions, Database } from '@horde/database';
import type { PanelList, ValidatorJob } from '@horde/panel-api';
import { listRows, readPiece, timeText, type RowsToList } from '@horde/panel-server';
import { isTerminal, statusLabel, type JobStatus } from '@horde/protocol';
import { ParameterReader } from '@horde/rest';
import { addJobFilters, readJobFilters, type JobFilters } from './job-filters.ts';

const columns = `job.uuid, job.status, job.signatory, job.facilitator, job.executor_class,
  (select count(*)::int from attempt asked where asked.job_uuid = job.uuid) as attempts,
  (select asked.miner_hotkey from attempt asked where asked.job_uuid = job.uuid order by number desc limit 1)
    as miner_hotkey,
  ${timeText('job.received_at')} as received_at, ${timeText('job.ended_at')} as ended_at`;

const allJobs: RowsToList = {
  columns,
  from: 'job',
  order: { 'job.received_at': 'timestamptz', 'job.uuid': 'uuid' },
};

/** Those that a miner was asked for are listed by when it was: an index has them in that order. */
const jobsOfMiner: RowsToList = {
  columns,
  from: 'attempt join job on job.uuid = attempt.job_uuid',
  order: { 'attempt.started_at': 'timestamptz', 'attempt.job_uuid': 'uuid' },
};

function sourceOf({ miner, status, executorClass, signatory }: JobFilters): RowsToList {
  if (miner === null) return allJobs;
  // Each attempt has its job: those need not be looked up to be counted.
  const isOfAttempts = status === null && executorClass === null && signatory === null;
  return { ...jobsOfMiner, ...(isOfAttempts && { counted: 'attempt' }) };
}

type Row = Omit<ValidatorJob, 'status' | 'status_label' | 'has_ended'> & { status: JobStatus };

/** All jobs of this validator, newest first. */
@Injectable()
export class JobList {
  constructor(private readonly database: Database) {}

  /** @throws Refusal 400 with what is wrong with each parameter */
  async list(query: URLSearchParams): Promise<PanelList<ValidatorJob>> {
    const reader = new ParameterReader(query);
    const filters = readJobFilters(reader);
    const piece = readPiece(reader);
    reader.finish();
    const conditions = new Conditions();
    addJobFilters(conditions, filters);
    const found = await listRows<Row>(this.database, sourceOf(filters), conditions, piece);
    return { ...found, results: found.results.map(panelJob) };
  }

  /** @param uuid of a job, or what it is called towards one of its miners */
  async find(uuid: string): Promise<ValidatorJob | null> {
    const [row] = await this.database.manager.query<Row[]>(
      `select ${columns} from job where job.uuid = coalesce((select job_uuid from attempt where uuid = $1), $1)`,
      [uuid],
    );
    return row ? panelJob(row) : null;
  }
}

const panelJob = (row: Row): ValidatorJob => ({
  ...row,
  status_label: statusLabel(row.status),
  has_ended: isTerminal(row.status),
});
