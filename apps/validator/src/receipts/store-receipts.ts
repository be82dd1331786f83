import { PreparedStatement } from '@horde/database';
import type { EntityManager } from 'typeorm';
import type { ReceiptRow } from './receipt-row.ts';

const columns = {
  job_uuid: 'uuid',
  receipt_type: 'text',
  validator_hotkey: 'text',
  miner_hotkey: 'text',
  payload: 'text',
  validator_signature: 'text',
  miner_signature: 'text',
  timestamp: 'timestamptz',
  executor_class: 'text',
  is_organic: 'boolean',
  expires_at: 'timestamptz',
  score: 'numeric',
  block_numbers: 'integer[]',
} satisfies Record<keyof ReceiptRow, string>;

const key: (keyof ReceiptRow)[] = ['job_uuid', 'receipt_type', 'validator_hotkey', 'miner_hotkey'];
const names = Object.keys(columns) as (keyof ReceiptRow)[];
const values = names.filter((name) => !key.includes(name));

/** Its parameter is a list of rows as JSON. @param condition SQL: they are stored only where it is true */
export const insertReceiptsIf = (condition: string): string => `
  insert into receipt (${names.join(', ')})
  select distinct on (${key.join(', ')}) ${names.join(', ')}
  from json_to_recordset($1::json) as given (${names.map((name) => `${name} ${columns[name]}`).join(', ')})
  where ${condition}
  order by ${key.join(', ')}, timestamp, payload collate "C"
  on conflict (${key.join(', ')}) do update set ${values.map((name) => `${name} = excluded.${name}`).join(', ')}
  where excluded.miner_signature is not null and case when receipt.miner_signature is null
    then excluded.payload = receipt.payload
    else (excluded.timestamp, excluded.payload collate "C") < (receipt.timestamp, receipt.payload collate "C") end`;

export const insertReceipts = new PreparedStatement(insertReceiptsIf('true'));

/**
 * Stores receipts. Of a job, validator and miner there is one of each type: where both have signed two that differ, the
 * earlier counts, whichever comes first, so that all validators have the same one. An own receipt stays as it was issued;
 * with the miner's signature comes nothing else.
 */
export async function storeReceipts(manager: EntityManager, receipts: readonly ReceiptRow[]): Promise<void> {
  await insertReceipts.run(manager, [JSON.stringify(receipts)]);
}

/** How many of these receipts are stored, whatever they say. */
export async function countStored(manager: EntityManager, receipts: readonly ReceiptRow[]): Promise<number> {
  const [row] = await manager.query<[{ count: number }]>(
    `select count(*)::int as count
     from json_to_recordset($1::json) as given (${key.map((name) => `${name} ${columns[name]}`).join(', ')})
     join receipt using (${key.join(', ')})`,
    [JSON.stringify(receipts)],
  );
  return row.count;
}
