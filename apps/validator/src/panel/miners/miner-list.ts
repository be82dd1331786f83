import { Injectable } from '@nestjs/common';
import { Database } from '@horde/database';
import type { ValidatorMiner, PanelStanding } from '@horde/panel-api';
import { sentenceOf } from './miner-rules.ts';
import { Standings } from './standings.ts';

interface Row {
  hotkey: string;
  uid: number;
  address: string | null;
  has_answered: boolean;
}

/** The miners of the subnet, and why each is chosen or not. */
@Injectable()
export class MinerList {
  constructor(
    private readonly database: Database,
    private readonly standings: Standings,
  ) {}

  /** @param only this one @default all, by uid */
  async read(only: string | null = null): Promise<ValidatorMiner[]> {
    const rows = await this.database.manager.query<Row[]>(
      `select miner.hotkey, uid, case when position(':' in ip) > 0 then '[' || ip || ']' else ip end || ':' || port as address,
         answered_at is not null as has_answered
       from miner left join miner_answer using (hotkey)
       where $1::text is null or miner.hotkey = $1 order by uid, miner.hotkey`,
      [only],
    );
    if (rows.length === 0) return [];
    const standings = await this.standings.read();
    return rows.map((row) => minerOf(row, standings.get(row.hotkey) ?? []));
  }
}

const minerOf = (row: Row, standings: PanelStanding[]): ValidatorMiner => ({
  hotkey: row.hotkey,
  uid: row.uid,
  address: row.address,
  sentence: sentenceOf(row, standings),
  is_eligible: standings.some(({ obstacle }) => obstacle === null),
  standings,
});
