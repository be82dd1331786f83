import { Injectable } from '@nestjs/common';
import { Database } from '@horde/database';
import type { PanelValidatorPage } from '@horde/panel-api';
import { isTerminal, JobStatus } from '@horde/protocol';
import { detail } from '@horde/rest';
import { wireTime } from '../jobs/job-rows.ts';
import { PanelTables } from './panel-tables.ts';

const ends = JobStatus.filter(isTerminal);
/** So many of its newest jobs are looked at. */
const countedJobs = 1_000;

/** A validator: its connections, and what became of the jobs that it was sent. */
@Injectable()
export class ValidatorPages {
  constructor(
    private readonly database: Database,
    private readonly tables: PanelTables,
  ) {}

  /** @throws Refusal 404 */
  async of(hotkey: string): Promise<PanelValidatorPage> {
    const [[validator], connections, recent] = await Promise.all([
      this.tables.validators(hotkey),
      this.connections(hotkey),
      this.recent(hotkey),
    ]);
    if (!validator) throw detail(404, 'Not found.');
    return { ...validator, connections, recent };
  }

  private connections(hotkey: string): Promise<PanelValidatorPage['connections']> {
    return this.database.manager.query(
      `select ${wireTime('connected_at')} as since, ${wireTime('last_heartbeat')} as last_heartbeat, extensions,
         largest_frame
       from channel where validator_hotkey = $1 order by connected_at desc limit 20`,
      [hotkey],
    );
  }

  private async recent(hotkey: string): Promise<PanelValidatorPage['recent']> {
    const [row] = await this.database.manager.query<PanelValidatorPage['recent'][]>(
      `select count(*) filter (where status = 'completed')::integer as completed,
         count(*) filter (where status <> 'completed' and status = any ($2))::integer as failed,
         count(*) filter (where status <> all ($2))::integer as going_on
       from (
         select status from job where target_validator_hotkey = $1 and created_at > now() - interval '24 hours'
         order by created_at desc limit ${countedJobs}
       ) newest`,
      [hotkey, ends],
    );
    return row!;
  }
}
