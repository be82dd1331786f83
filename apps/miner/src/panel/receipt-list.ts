import { Injectable } from '@nestjs/common';
import { Conditions, Database } from '@horde/database';
import type { MinerReceipt, PanelList } from '@horde/panel-api';
import { listRows, readPiece, type RowsToList } from '@horde/panel-server';
import { ParameterReader } from '@horde/rest';
import { oneOf, text, uuidBeginning } from './filters.ts';

const receipts: RowsToList = {
  columns: `concat_ws(' ', job_uuid, receipt_type) as id, job_uuid, receipt_type, validator_hotkey, timestamp, stored_at, page::text as page, executor_class,
    is_organic, ttl, payload::json->>'score_str' as score`,
  from: 'receipt',
  order: { stored_at: 'timestamptz', job_uuid: 'uuid', receipt_type: 'text' },
};

const types = {
  started: 'JobStartedReceipt',
  accepted: 'JobAcceptedReceipt',
  finished: 'JobFinishedReceipt',
};
export const receiptTypes = Object.keys(types) as (keyof typeof types)[];

/** The receipts that the miner holds, the newest first. */
@Injectable()
export class ReceiptList {
  constructor(private readonly database: Database) {}

  /** @throws Refusal 400 with what is wrong with each parameter */
  async page(query: URLSearchParams): Promise<PanelList<MinerReceipt>> {
    const reader = new ParameterReader(query);
    const conditions = new Conditions();
    const job = reader.read('uuid_prefix', uuidBeginning);
    conditions.add(job && job.first, (value) => `job_uuid >= ${value}::uuid`);
    conditions.add(job && job.last, (value) => `job_uuid <= ${value}::uuid`);
    const type = reader.read('type', oneOf(receiptTypes));
    conditions.add(type && types[type], (value) => `receipt_type = ${value}`);
    conditions.add(reader.read('validator', text), (value) => `validator_hotkey = ${value}`);
    const piece = readPiece(reader);
    reader.finish();
    return listRows<MinerReceipt>(this.database, receipts, conditions, piece);
  }

  /** Those of a job, as they came to be. */
  of(job: string): Promise<MinerReceipt[]> {
    return this.database.manager.query(
      `select ${receipts.columns} from receipt where job_uuid = $1 order by stored_at`,
      [job],
    );
  }
}
