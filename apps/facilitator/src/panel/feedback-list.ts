import { Injectable } from '@nestjs/common';
import { Conditions, Database } from '@horde/database';
import type { PanelFeedback, PanelList } from '@horde/panel-api';
import { listRows, readPiece, type RowsToList } from '@horde/panel-server';
import { ParameterReader } from '@horde/rest';
import { wireTime } from '../jobs/job-rows.ts';

const rows: RowsToList = {
  columns: `job_uuid, hotkey, target_validator_hotkey, executor_class, status,
    ${wireTime('feedback.created_at')} as at, result_correctness, expected_duration, (
      select extract(epoch from max(created_at) - min(created_at))::float8 from job_status where job_status.job_uuid = uuid
    ) as took`,
  from: 'job_feedback feedback join job on uuid = job_uuid',
  order: { 'feedback.created_at': 'timestamptz', job_uuid: 'uuid' },
};

/** What users say of how their jobs went. */
@Injectable()
export class PanelFeedbackList {
  constructor(private readonly database: Database) {}

  /** The newest first. @throws Refusal 400 with what is wrong with each parameter */
  list(query: URLSearchParams): Promise<PanelList<PanelFeedback>> {
    const reader = new ParameterReader(query);
    const piece = readPiece(reader);
    reader.finish();
    return listRows(this.database, rows, new Conditions(), piece);
  }
}
