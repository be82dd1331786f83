import { Injectable } from '@nestjs/common';
import { Database } from '@horde/database';
import { Keypair } from '@horde/identity';
import type { PanelList, PanelReceipt } from '@horde/panel-api';
import { timeText, type RowsToList } from '@horde/panel-server';
import { rangesText } from '../block-ranges.ts';
import { filteredList, isOneOf, isText, isUuid, type Filter } from '../filtered-list.ts';

type Row = Omit<PanelReceipt, 'is_own' | 'id'>;

const ofType = (value: string) => () => ({ sql: 'receipt_type = ?', value });

/** The largest number of a block has no integer behind it: ranges are of larger ones. */
const blocks = `(select range_agg(int8range(block, block + 1)) from unnest(block_numbers::bigint[]) block)`;

const rows: RowsToList = {
  columns: `job_uuid, case receipt_type when 'JobStartedReceipt' then 'started'
      when 'JobAcceptedReceipt' then 'accepted' else 'finished' end as kind,
    miner_hotkey, validator_hotkey, miner_signature is not null as is_countersigned,
    ${timeText('timestamp')} as timestamp, ${timeText('created_at')} as stored_at, executor_class,
    ${timeText('expires_at')} as expires_at, score::float8 as score, ${rangesText(blocks)} as blocks`,
  from: 'receipt',
  order: {
    'receipt.timestamp': 'timestamptz',
    job_uuid: 'uuid',
    receipt_type: 'text',
    validator_hotkey: 'text',
    miner_hotkey: 'text',
  },
};

const filters: Record<string, Filter> = {
  job: isUuid('job_uuid in (select ?::uuid union select uuid from attempt where job_uuid = ?)'),
  miner: isText('miner_hotkey'),
  kind: isOneOf({
    started: ofType('JobStartedReceipt'),
    accepted: ofType('JobAcceptedReceipt'),
    finished: ofType('JobFinishedReceipt'),
  }),
};

/** The receipts of all validators, by their own times, the newest first. */
@Injectable()
export class ReceiptList {
  constructor(
    private readonly database: Database,
    private readonly keypair: Keypair,
  ) {}

  /** @throws Refusal 400 */
  async page(query: URLSearchParams): Promise<PanelList<PanelReceipt>> {
    const page = await filteredList<Row>(this.database, rows, filters, query);
    return { ...page, results: page.results.map((row) => this.told(row)) };
  }

  private told(row: Row): PanelReceipt {
    const { job_uuid, kind, validator_hotkey, miner_hotkey } = row;
    return {
      id: [job_uuid, kind, validator_hotkey, miner_hotkey].join(' '),
      is_own: validator_hotkey === this.keypair.address,
      ...row,
    };
  }
}
