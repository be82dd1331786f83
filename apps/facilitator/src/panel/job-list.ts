import { Injectable } from '@nestjs/common';
import { Database } from '@horde/database';
import type { PanelJob, PanelJobList } from '@horde/panel-api';
import { listRows, readPiece, type RowsToList } from '@horde/panel-server';
import { isTerminal, statusLabel, type JobStatus } from '@horde/protocol';
import { ParameterReader } from '@horde/rest';
import { wireTime } from '../jobs/job-rows.ts';
import { ListConditions } from '../jobs/list-conditions.ts';
import { readFilters } from '../jobs/list-filters.ts';

const columns = `uuid, status, hotkey, target_validator_hotkey, executor_class, docker_image, job_namespace, tag,
  ${wireTime('job.created_at')} as created_at`;

const jobs: RowsToList = {
  columns,
  from: 'job',
  order: { 'job.created_at': 'timestamptz', uuid: 'uuid' },
};

type JobRow = Omit<PanelJob, 'status' | 'status_label' | 'has_ended'> & { status: JobStatus };

/** Everybody's jobs, newest first. */
@Injectable()
export class PanelJobs {
  constructor(private readonly database: Database) {}

  /** @throws Refusal 400 with what is wrong with each parameter */
  async list(query: URLSearchParams): Promise<PanelJobList> {
    const reader = new ParameterReader(query);
    const conditions = readConditions(reader);
    const piece = readPiece(reader);
    reader.finish();
    const list = await listRows<JobRow>(this.database, jobs, conditions, piece);
    return { ...list, results: list.results.map(panelJob) };
  }

  async find(uuid: string): Promise<PanelJob | null> {
    const [row] = await this.database.manager.query<JobRow[]>(`select ${columns} from job where uuid = $1`, [
      uuid,
    ]);
    return row ? panelJob(row) : null;
  }
}

const panelJob = (row: JobRow): PanelJob => ({
  ...row,
  status_label: statusLabel(row.status),
  has_ended: isTerminal(row.status),
});

/** Beside what users filter their own jobs by: whose they are, for whom, and how the uuid begins, with up to 32 digits. */
function readConditions(reader: ParameterReader): ListConditions {
  const text = (raw: string) => ({ value: raw.slice(0, 100).replaceAll('\0', '') });
  const conditions = new ListConditions();
  const uuidPrefix = reader.read('uuid_prefix', (raw) => {
    const digits = raw.trim().toLowerCase().replaceAll('-', '');
    return /^[\da-f]{1,32}$/.test(digits) ? { value: digits } : 'This is not the beginning of a uuid.';
  });
  conditions.add(uuidPrefix?.padEnd(32, '0') ?? null, (first) => `uuid >= ${first}::uuid`);
  conditions.add(uuidPrefix?.padEnd(32, 'f') ?? null, (last) => `uuid <= ${last}::uuid`);
  conditions.add(reader.read('hotkey', text), (value) => `hotkey = ${value}`);
  conditions.add(reader.read('validator', text), (value) => `target_validator_hotkey = ${value}`);
  conditions.addFilters(readFilters(reader));
  return conditions;
}
