import { Injectable } from '@nestjs/common';
import { Conditions, Database } from '@horde/database';
import type { MinerJob, PanelList } from '@horde/panel-api';
import { listRows, readPiece, type RowsToList } from '@horde/panel-server';
import { isTerminal, JobStatus, statusLabel } from '@horde/protocol';
import { ParameterReader } from '@horde/rest';
import { oneOf, text, uuidBeginning } from './filters.ts';

export type JobRow = Omit<MinerJob, 'status' | 'status_label' | 'has_ended'> & { status: JobStatus };

/** Of the table `job`, as `JobRow`. */
export const jobColumns = `uuid, status, validator_hotkey, executor_class, executor_handle->>'place' as host,
  accepted_at, ended_at`;

const jobs: RowsToList = {
  columns: jobColumns,
  from: 'job',
  order: { accepted_at: 'timestamptz', uuid: 'uuid' },
};

/** What can be asked for: the status of a job that goes on changes too often. */
export const jobStates = ['going_on', 'completed', 'rejected', 'failed', 'horde_failed'] as const;

const unfinished = JobStatus.filter((status) => !isTerminal(status));

/** All jobs of the miner, newest first. */
@Injectable()
export class JobList {
  constructor(private readonly database: Database) {}

  /** @throws Refusal 400 with what is wrong with each parameter */
  async page(query: URLSearchParams): Promise<PanelList<MinerJob>> {
    const reader = new ParameterReader(query);
    const conditions = new Conditions();
    const uuid = reader.read('uuid_prefix', uuidBeginning);
    conditions.add(uuid && uuid.first, (value) => `uuid >= ${value}::uuid`);
    conditions.add(uuid && uuid.last, (value) => `uuid <= ${value}::uuid`);
    const state = reader.read('status', oneOf(jobStates));
    const goesOn = state === 'going_on';
    conditions.add(goesOn ? unfinished : null, (values) => `ended_at is null and status = any (${values})`);
    conditions.add(goesOn ? null : state, (value) => `ended_at is not null and status = ${value}`);
    conditions.add(reader.read('validator', text), (value) => `validator_hotkey = ${value}`);
    conditions.add(reader.read('executor_class', text), (value) => `executor_class = ${value}`);
    const piece = readPiece(reader);
    reader.finish();
    const list = await listRows<JobRow>(this.database, jobs, conditions, piece);
    return { ...list, results: list.results.map(minerJob) };
  }
}

export const minerJob = <Row extends JobRow>(row: Row): Row & MinerJob => ({
  ...row,
  status_label: statusLabel(row.status),
  has_ended: isTerminal(row.status),
});
