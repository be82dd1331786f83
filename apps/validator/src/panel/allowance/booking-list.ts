import { Injectable } from '@nestjs/common';
import { Database } from '@horde/database';
import type { PanelBooking, PanelList } from '@horde/panel-api';
import { timeText, type RowsToList } from '@horde/panel-server';
import { blockExpiry } from '../../allowance/rules.ts';
import { rangesText } from '../block-ranges.ts';
import { filteredList, isNumber, isOneOf, isText, isUuid, type Filter } from '../filtered-list.ts';

const rows: RowsToList = {
  columns: `id, miner_hotkey, executor_class, seconds,
    case when expires_at is null then 'spent' when expires_at > now() then 'reserved' else 'over' end as state,
    ${rangesText('blocks')} as blocks,
    (select coalesce(sum(upper(run) - lower(run)), 0)::integer from unnest(blocks) run) as block_count,
    ${timeText('booking.created_at')} as created_at, ${timeText('expires_at')} as expires_at,
    (select job_uuid from attempt where booking_id = booking.id) as job_uuid`,
  from: 'booking',
  order: { 'booking.created_at': 'timestamptz', id: 'uuid' },
};

const now = (sql: string) => () => ({ sql, value: new Date() });

const filters: Record<string, Filter> = {
  miner: isText('miner_hotkey'),
  state: isOneOf({
    reserved: now('expires_at > ?'),
    over: now('expires_at <= ?'),
    spent: now('expires_at is null and booking.created_at <= ?'),
  }),
  // The blocks of a booking are all within the time in which the first of them can be spent. An index has the first and the
  // last one; there may be gaps between.
  block: isNumber(`last_block between ? and ? + ${blockExpiry} and lower(blocks) <= ? and blocks @> ?`),
  job: isUuid('id in (select booking_id from attempt where job_uuid = ?)'),
};

/** The blocks of allowance that jobs have booked, the newest bookings first. */
@Injectable()
export class BookingList {
  constructor(private readonly database: Database) {}

  /** @throws Refusal 400 */
  page(query: URLSearchParams): Promise<PanelList<PanelBooking>> {
    return filteredList<PanelBooking>(this.database, rows, filters, query);
  }
}
