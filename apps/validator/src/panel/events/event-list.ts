import { Injectable } from '@nestjs/common';
import { Database } from '@horde/database';
import { redact, redactJson } from '@horde/operations';
import type { PanelList, PanelSystemEvent } from '@horde/panel-api';
import { timeText, type RowsToList } from '@horde/panel-server';
import { filteredList, isMoment, isText, type Filter } from '../filtered-list.ts';

/** Of the table `system_event`, as `PanelSystemEvent`. */
export const eventColumns = `id::text as id, type, subtype, ${timeText('at')} as at, description, data, ${timeText('sent_at')} as sent_at`;

const rows: RowsToList = {
  columns: eventColumns,
  from: 'system_event',
  order: { 'system_event.at': 'timestamptz', 'system_event.id': 'bigint' },
};

const filters: Record<string, Filter> = {
  type: isText('type'),
  subtype: isText('subtype'),
  after: isMoment('system_event.at >= ?'),
  before: isMoment('system_event.at < ?'),
};

/** An event without the secrets that sentences of strangers may have in them. */
export const shownEvent = (event: PanelSystemEvent): PanelSystemEvent => ({
  ...event,
  description: redact(event.description),
  data: redactJson(event.data) as object,
});

/** What happened to this validator, the newest first. */
@Injectable()
export class EventList {
  constructor(private readonly database: Database) {}

  /** @throws Refusal 400 */
  async page(query: URLSearchParams): Promise<PanelList<PanelSystemEvent>> {
    const list = await filteredList<PanelSystemEvent>(this.database, rows, filters, query);
    return { ...list, results: list.results.map(shownEvent) };
  }
}
