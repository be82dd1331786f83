import { Injectable } from '@nestjs/common';
import { Conditions, Database } from '@horde/database';
import { redact, redactJson } from '@horde/operations';
import type { PanelCheatReport, PanelList } from '@horde/panel-api';
import { listRows, readPiece, type RowsToList } from '@horde/panel-server';
import { ParameterReader } from '@horde/rest';
import { wireTime } from '../jobs/job-rows.ts';

/** What a user says is read and shown up to so much. @unit characters */
const [maxRead, maxShown] = [16_384, 2_000];

const rows: RowsToList = {
  columns: `job_uuid, trusted_job_uuid, hotkey, target_validator_hotkey, executor_class,
    ${wireTime('report.created_at')} as at, left(details::text, ${maxRead}) as details, not exists (
      select from outbox where subject = job_uuid::text and type = 'V0JobCheated'
    ) as is_delivered`,
  from: 'cheat_report report join job on uuid = job_uuid',
  order: { 'report.created_at': 'timestamptz', job_uuid: 'uuid' },
};

/** What users report of wrong results. */
@Injectable()
export class CheatReportList {
  constructor(private readonly database: Database) {}

  /** The newest first. @throws Refusal 400 with what is wrong with each parameter */
  async list(query: URLSearchParams): Promise<PanelList<PanelCheatReport>> {
    const reader = new ParameterReader(query);
    const piece = readPiece(reader);
    reader.finish();
    const list = await listRows<PanelCheatReport>(this.database, rows, new Conditions(), piece);
    return { ...list, results: list.results.map((row) => ({ ...row, details: shown(row.details) })) };
  }
}

/** Without secrets, as JSON where it has been read to its end. */
function shown(details: string): string {
  const text = redacted(details);
  return text.length <= maxShown ? text : `${text.slice(0, maxShown)} …`;
}

function redacted(details: string): string {
  try {
    return JSON.stringify(redactJson(JSON.parse(details)));
  } catch {
    return redact(details);
  }
}
