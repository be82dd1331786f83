import { Injectable } from '@nestjs/common';
import { Database } from '@horde/database';
import type { PanelFiles, PanelJobPage } from '@horde/panel-api';
import { timelineOf, type JobLimits, type StatusEntry, type WaitEntry } from '@horde/panel-server';
import { endSentence, isTerminal, waitOf } from '@horde/protocol';
import { noJob } from '@horde/rest';
import { wireTime } from '../jobs/job-rows.ts';
import { messageIn } from '../questions/descriptions.ts';
import { JobArtifacts } from './job-artifacts.ts';
import { PanelJobs } from './job-list.ts';

/** What users and validators sent is looked into up to this size: beyond it the page shows less. @unit bytes */
const maxText = 256 * 1024;

interface Details extends JobLimits {
  cancelled_at: string | null;
  args: string[] | null;
  env: Record<string, string> | null;
  volumes: Part[] | null;
  uploads: Part[] | null;
  use_gpu: boolean;
  on_trusted_miner: boolean;
}

/** Of a volume or an upload, what is no secret. */
interface Part {
  volume_type?: string;
  output_upload_type?: string;
  relative_path?: string | null;
}

/** A job with all that happened to it, and none of its secrets. */
@Injectable()
export class JobPages {
  constructor(
    private readonly database: Database,
    private readonly jobs: PanelJobs,
    private readonly artifacts: JobArtifacts,
  ) {}

  /** @throws Refusal 404 */
  async of(uuid: string): Promise<PanelJobPage> {
    const page = await this.find(uuid);
    if (!page) throw noJob();
    return page;
  }

  /** null: there is none of this uuid. */
  async find(uuid: string): Promise<PanelJobPage | null> {
    const [job, details, statuses, told] = await Promise.all([
      this.jobs.find(uuid),
      this.details(uuid),
      this.statuses(uuid),
      this.told(uuid),
    ]);
    if (!job || !details) return null;
    const waits = told
      .filter(({ type }) => type === 'wait')
      .map(({ at, data }) => ({ ...data, at }) as WaitEntry);
    const transfers = told.filter(({ type }) => type === 'progress');
    return {
      ...job,
      sentence: sentenceOf(statuses.at(-1), waits.at(-1)),
      timeline: timelineOf(statuses, waits, details),
      transfers: transfers.map(({ data }) => data as PanelJobPage['transfers'][number]),
      cancelled_at: details.cancelled_at,
      args: details.args ?? [],
      env_names: Object.keys(details.env ?? {}),
      use_gpu: details.use_gpu,
      on_trusted_miner: details.on_trusted_miner,
      volumes: (details.volumes ?? []).map(fileOf),
      uploads: (details.uploads ?? []).map(fileOf),
      artifacts: await this.artifacts.list(uuid),
    };
  }

  private async details(uuid: string): Promise<Details | null> {
    const short = (column: string) =>
      `case when octet_length(${column}::text) <= ${maxText} then ${column} end as ${column}`;
    const [row] = await this.database.manager.query<Details[]>(
      `select ${wireTime('cancelled_at')} as cancelled_at, use_gpu, on_trusted_miner, download_time_limit,
         execution_time_limit, upload_time_limit, streaming_start_time_limit,
         ${['args', 'env', 'volumes', 'uploads'].map(short).join(', ')}
       from job where uuid = $1`,
      [uuid],
    );
    return row ?? null;
  }

  private async statuses(uuid: string): Promise<StatusEntry[]> {
    const rows = await this.database.manager.query<(StatusEntry & { metadata: string | null })[]>(
      `select status, ${wireTime('created_at')} as at,
         case when octet_length(metadata::text) <= ${maxText} then metadata::text end as metadata
       from job_status where job_uuid = $1 order by id`,
      [uuid],
    );
    return rows.map(({ status, at, metadata }) => ({
      status,
      at,
      why: isTerminal(status) && metadata !== null ? messageIn(metadata) : null,
    }));
  }

  private told(uuid: string): Promise<{ type: string; at: string; data: object }[]> {
    return this.database.manager.query(
      `select type, ${wireTime('noted_at')} as at, data from job_progress where job_uuid = $1 order by revision`,
      [uuid],
    );
  }
}

const fileOf = ({ volume_type, output_upload_type, relative_path }: Part): PanelFiles => ({
  type: volume_type ?? output_upload_type ?? 'unknown',
  path: relative_path ?? null,
});

/** Why a job is where it is, as far as the facilitator itself knows. */
function sentenceOf(last: StatusEntry | undefined, wait: WaitEntry | undefined): string {
  if (!last || last.status === 'unknown') return 'Nothing is known of it.';
  if (isTerminal(last.status)) return endSentence(last.status, last.why ?? null);
  return wait?.waits_for ?? `It waits until ${waitOf(last.status)!.next}.`;
}
