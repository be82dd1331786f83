import { Injectable } from '@nestjs/common';
import { Database } from '@horde/database';
import type { PanelJob, PanelJobList } from '@horde/panel-api';
import { countOf, readPiece, type Piece } from '@horde/panel-server';
import { isTerminal, statusLabel, type JobStatus } from '@horde/protocol';
import { fieldErrors, ParameterReader } from '@horde/rest';
import { wireTime } from '../jobs/job-rows.ts';
import { ListConditions } from '../jobs/list-conditions.ts';
import { readCursor, writeCursor } from '../jobs/list-cursor.ts';
import { readFilters, type ListFilters } from '../jobs/list-filters.ts';

/** Cursors are bound to whose list it is: this one is everybody's. */
const everybody = 'the panel';

interface PanelFilters extends ListFilters {
  hotkey: string | null;
  validator: string | null;
  /** What the uuid begins with: up to 32 digits. */
  uuidPrefix: string | null;
}

const jobColumns = `uuid, status, hotkey, target_validator_hotkey, executor_class, docker_image, job_namespace, tag,
  ${wireTime('created_at')} as created_at`;

type JobRow = Omit<PanelJob, 'status' | 'status_label' | 'has_ended'> & { status: JobStatus };

/** Everybody's jobs, newest first. */
@Injectable()
export class PanelJobs {
  constructor(private readonly database: Database) {}

  /** @throws Refusal 400 with what is wrong with each parameter */
  async list(query: URLSearchParams): Promise<PanelJobList> {
    const { filters, cursor, size } = readQuery(query);
    const position = cursor ? readCursor(cursor, everybody, filters) : null;
    if (typeof position === 'string') throw fieldErrors({ cursor: [position] });
    const conditions = conditionsOf(filters);
    const count = await countOf(this.database, 'job', conditions);
    if (position) conditions.addPosition(position);
    const rows = await this.database.manager.query<JobRow[]>(
      `select ${jobColumns} from job where ${conditions.text} order by created_at desc, uuid limit ${size + 1}`,
      conditions.parameters,
    );
    const last = rows.length > size ? rows[size - 1]! : null;
    return {
      results: rows.slice(0, size).map(panelJob),
      next: last && writeCursor({ createdAt: last.created_at, uuid: last.uuid }, everybody, filters),
      ...count,
    };
  }

  async find(uuid: string): Promise<PanelJob | null> {
    const [row] = await this.database.manager.query<JobRow[]>(
      `select ${jobColumns} from job where uuid = $1`,
      [uuid],
    );
    return row ? panelJob(row) : null;
  }
}

const panelJob = (row: JobRow): PanelJob => ({
  ...row,
  status_label: statusLabel(row.status),
  has_ended: isTerminal(row.status),
});

function readQuery(query: URLSearchParams): Piece & { filters: PanelFilters } {
  const reader = new ParameterReader(query);
  const text = (raw: string) => ({ value: raw.slice(0, 100).replaceAll('\0', '') });
  const filters = {
    ...readFilters(reader),
    hotkey: reader.read('hotkey', text),
    validator: reader.read('validator', text),
    uuidPrefix: reader.read('uuid_prefix', (raw) => {
      const digits = raw.trim().toLowerCase().replaceAll('-', '');
      return /^[\da-f]{1,32}$/.test(digits) ? { value: digits } : 'This is not the beginning of a uuid.';
    }),
  };
  const piece = readPiece(reader);
  reader.finish();
  return { filters, ...piece };
}

function conditionsOf(filters: PanelFilters): ListConditions {
  const conditions = new ListConditions();
  conditions.add(filters.uuidPrefix?.padEnd(32, '0') ?? null, (first) => `uuid >= ${first}::uuid`);
  conditions.add(filters.uuidPrefix?.padEnd(32, 'f') ?? null, (last) => `uuid <= ${last}::uuid`);
  conditions.add(filters.hotkey, (value) => `hotkey = ${value}`);
  conditions.add(filters.validator, (value) => `target_validator_hotkey = ${value}`);
  conditions.addFilters(filters);
  return conditions;
}
