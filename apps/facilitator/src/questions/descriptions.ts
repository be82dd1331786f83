import { Injectable } from '@nestjs/common';
import { Database } from '@horde/database';
import {
  DescribeJobRequest,
  HordeError,
  isTerminal,
  jobStatuses,
  make,
  parseJson,
  statusLabel,
  toPlain,
  type JobDescription,
  type JobStatus,
  type JobWait,
} from '@horde/protocol';
import { noJob } from '@horde/rest';
import { wireTime } from '../jobs/job-rows.ts';
import { Channels } from '../validators/channels.ts';
import { countsOf } from './dry-runs.ts';
import { Questions } from './questions.ts';

/** What was said with the last status is looked at up to this size: a failure may come with all that its job has printed. @unit bytes */
const maxMetadata = 1024 * 1024;

/** What the facilitator itself knows of a job. */
interface KnownJob {
  uuid: string;
  executor_class: string;
  status: JobStatus;
  since: string;
  validator: string;
  metadata: string | null;
  /** What its validator has said last of its waiting, since its last status, as JSON; null: nothing. */
  wait: string | null;
}

/** What a job waits for; `waits_for` null: nothing. */
type Wait = Pick<JobDescription, 'waits_for' | 'waits_since' | 'waits_until'>;

const noWait: Wait = { waits_for: null, waits_since: null, waits_until: null };

/** Why a job is where it is: what it waits for, or why it has ended so. */
@Injectable()
export class Descriptions {
  constructor(
    private readonly database: Database,
    private readonly channels: Channels,
    private readonly questions: Questions,
  ) {}

  /** Whatever its validator does not tell is left out. @throws Refusal 404 when the user has no such job */
  async of(hotkey: string, uuid: string): Promise<object> {
    const job = await this.find(hotkey, uuid);
    const told = await this.told(hotkey, job);
    const wait = told ?? waitOf(job);
    const sentence = endOf(job) ?? told?.waits_for ?? (await this.known(job, wait));
    return {
      uuid: job.uuid,
      sentence,
      executor_class: job.executor_class,
      status: statusLabel(job.status),
      last_status: job.status,
      since: job.since,
      waits_for: wait.waits_for,
      waits_since: wait.waits_since,
      waits_until: wait.waits_until,
      target_validator_hotkey: job.validator,
      told_by: told ? 'validator' : 'facilitator',
      attempts: told?.attempts ?? [],
      choices: (told?.choices ?? []).map(({ at, sentence, candidates, counts }) => ({
        at,
        sentence,
        candidates,
        counts: countsOf(counts),
      })),
    };
  }

  private async find(hotkey: string, uuid: string): Promise<KnownJob> {
    const [job] = await this.database.manager.query<KnownJob[]>(
      `select uuid, executor_class, last.status, ${wireTime('last.created_at')} as since,
         target_validator_hotkey as validator,
         case when octet_length(metadata::text) <= ${maxMetadata} then metadata::text end as metadata,
         wait.data::text as wait
       from job cross join lateral (
         select status, created_at, metadata from job_status where job_uuid = job.uuid order by id desc limit 1
       ) last left join lateral (
         select data, noted_at from job_progress where job_uuid = job.uuid and item is null order by revision desc limit 1
       ) wait on noted_at >= last.created_at
       where uuid = $1 and hotkey = $2`,
      [uuid, hotkey],
    );
    if (!job) throw noJob();
    return job;
  }

  /** What its validator tells of it; null: nothing, for whatever reason. */
  private async told(hotkey: string, { uuid, validator }: KnownJob): Promise<JobDescription | null> {
    try {
      const question = make(DescribeJobRequest, { job_uuid: uuid });
      const answer = await this.questions.ask(hotkey, validator, question);
      return answer.message_type === 'V0JobDescription' ? answer : null;
    } catch (error) {
      if (error instanceof HordeError) return null;
      throw error;
    }
  }

  /** What is known here of a job that has not ended, and whose validator does not say what it waits for now. */
  private async known(job: KnownJob, { waits_for }: Wait): Promise<string> {
    const sentences = [waits_for, await this.absenceOf(job)].filter((sentence) => sentence !== null);
    return sentences.length > 0 ? sentences.join(' ') : stateOf(job.status);
  }

  private async absenceOf({ status, validator }: KnownJob): Promise<string | null> {
    if (await this.channels.newest(validator)) return null;
    const { lastSeen } = await this.channels.absence(validator);
    const seen = lastSeen === null ? '' : `; it was last seen at ${lastSeen}`;
    const hasIt = status === 'sent' ? 'does not have the job yet' : 'tells nothing new of the job';
    return `Its validator ${validator} is not connected, and ${hasIt}${seen}.`;
  }
}

/** What its validator has said unasked (`progress-1`). */
function waitOf({ wait }: KnownJob): Wait {
  if (wait === null) return noWait;
  const { waits_for, since, until } = JSON.parse(wait) as Pick<JobWait, 'waits_for' | 'since' | 'until'>;
  return waits_for === null ? noWait : { waits_for, waits_since: since, waits_until: until };
}

/** How a job has ended, as a sentence; null: it has not. */
function endOf({ status, metadata }: KnownJob): string | null {
  if (!isTerminal(status)) return null;
  const how = {
    completed: 'It has completed',
    rejected: 'It was rejected',
    horde_failed: 'The network failed to run it',
  };
  const words = how[status as keyof typeof how] ?? 'It failed';
  const why = metadata === null ? null : messageIn(metadata);
  return why ? `${words}: ${why}` : `${words}.`;
}

/** What the status of a job's failure says; null: nothing. */
export function messageIn(metadata: string): string | null {
  const parts = toPlain(parseJson(metadata)) as Record<string, { message?: unknown } | undefined>;
  const details =
    parts['job_failure_details'] ?? parts['job_rejection_details'] ?? parts['horde_failure_details'];
  return typeof details?.message === 'string' && details.message !== '' ? details.message : null;
}

function stateOf(status: JobStatus): string {
  const facts = status === 'unknown' ? null : jobStatuses[status];
  return facts?.wait ? `It waits until ${facts.wait.next}: ${facts.happened}.` : 'It goes on.';
}
