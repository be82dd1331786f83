import { Injectable } from '@nestjs/common';
import { Database } from '@horde/database';
import type { PanelManifestChange, PanelList } from '@horde/panel-api';
import { timeText, type RowsToList } from '@horde/panel-server';
import { filteredList, isNumber, isOneOf, isText, type Filter } from '../filtered-list.ts';

const rows: RowsToList = {
  columns: `concat_ws(' ', miner_hotkey, executor_class, block) as id, block, miner_hotkey, executor_class, count, is_drop,
    (select ${timeText('at')} from allowance_block where number = block) as at,
    (select count from manifest_change older where older.miner_hotkey = manifest_change.miner_hotkey
       and older.executor_class = manifest_change.executor_class and older.block < manifest_change.block
     order by block desc limit 1) as before`,
  from: 'manifest_change',
  order: { block: 'bigint', miner_hotkey: 'text', executor_class: 'text' },
};

const isDrop = (value: boolean) => () => ({ sql: 'is_drop = ?', value });

const filters: Record<string, Filter> = {
  miner: isText('miner_hotkey'),
  executor_class: isText('executor_class'),
  change: isOneOf({ drop: isDrop(true), other: isDrop(false) }),
  from_block: isNumber('block >= ?'),
  to_block: isNumber('block <= ?'),
};

/** What miners have changed in their manifests, the newest first. */
@Injectable()
export class ManifestChanges {
  constructor(private readonly database: Database) {}

  /** @throws Refusal 400 */
  page(query: URLSearchParams): Promise<PanelList<PanelManifestChange>> {
    return filteredList<PanelManifestChange>(this.database, rows, filters, query);
  }
}
