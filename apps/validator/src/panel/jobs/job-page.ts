import { Injectable } from '@nestjs/common';
import { Database } from '@horde/database';
import { Keypair } from '@horde/identity';
import type {
  ValidatorAttempt,
  ValidatorChoice,
  ValidatorJobPage,
  ValidatorReceipt,
  ValidatorRequest,
} from '@horde/panel-api';
import { isTerminal, type JobStatus, type NewJob } from '@horde/protocol';
import { timeText, type StatusEntry } from '@horde/panel-server';
import { detail } from '@horde/rest';
import { messageIn, sentenceOf } from '../../jobs/job-sentence.ts';
import { readWanted } from '../../jobs/wanted.ts';
import { requestOf } from '../../jobs/messages.ts';
import { readDecision } from '../../routing/decision.ts';
import { Decisions } from '../../routing/decisions.ts';
import { waitOf } from '../../routing/explain.ts';
import { rangesText } from '../block-ranges.ts';
import { JobList } from './job-list.ts';
import { jobTimeline, pastWaits, type TimedWait } from './job-timeline.ts';
import { outcomeWords } from './outcome-words.ts';
import { verdictOf } from './verdicts.ts';

/** Of a longer result the page does not say why the job ended. @unit bytes */
const maxMetadata = 256 * 1024;

interface Event {
  status: JobStatus;
  at: string;
  metadata: string | null;
}

/** A job with all that this validator knows of it, and none of its secrets. */
@Injectable()
export class JobPages {
  constructor(
    private readonly database: Database,
    private readonly jobs: JobList,
    private readonly decisions: Decisions,
    private readonly keypair: Keypair,
  ) {}

  /** @param uuid of a job, or what it is called towards one of its miners @throws Refusal 404 */
  async of(uuid: string): Promise<ValidatorJobPage> {
    const job = await this.jobs.find(uuid);
    const routing = job && (await this.decisions.of(job.uuid));
    if (!routing) throw detail(404, 'This validator has no such job.');
    const [events, tries] = await Promise.all([this.events(job.uuid), this.attempts(job.uuid)]);
    const receipts = await this.receipts(tries.map((attempt) => attempt.uuid));
    const wait = waitOf(routing);
    const isWaiting = routing.job.waits_since !== null;
    const waits: TimedWait[] = pastWaits(job.received_at, job.ended_at, tries);
    if (wait && isWaiting) {
      const limit = (wait.until.getTime() - wait.since.getTime()) / 1_000;
      waits.push({ since: wait.since.toISOString(), until: null, sentence: wait.sentence, limit });
    }
    const request = readRequest(routing.job.request);
    return {
      ...job,
      sentence: wait?.sentence ?? sentenceOf(events.at(-1)),
      cancelled_by: routing.job.cancelled_by,
      timeline: jobTimeline(events.map(withWhy), tries, waits, limitsOf(routing.job.wanted)),
      tries: tries.map(({ outcome, ...attempt }) => ({
        ...attempt,
        outcome: outcome && outcomeWords(outcome),
      })),
      choices: routing.decisions.map(choiceOf),
      receipts,
      request: request && shownRequest(request),
    };
  }

  private events(uuid: string): Promise<Event[]> {
    return this.database.manager.query(
      `select status, ${timeText('at')} as at,
         case when octet_length(metadata) <= ${maxMetadata} then metadata end as metadata
       from job_event where job_uuid = $1 order by id`,
      [uuid],
    );
  }

  private attempts(uuid: string): Promise<ValidatorAttempt[]> {
    return this.database.manager.query(
      `select number, uuid, attempt.miner_hotkey, miner_ip || ' port ' || miner_port as miner_address,
         ${timeText('started_at')} as started_at, ${timeText('deadline')} as deadline,
         ${timeText('ended_at')} as ended_at, outcome, reason, message,
         case when booking.id is not null then json_build_object(
           'seconds', booking.seconds, 'blocks', ${rangesText('booking.blocks')},
           'is_spent', booking.expires_at is null
         ) end as booking
       from attempt left join booking on booking.id = booking_id where job_uuid = $1 order by number`,
      [uuid],
    );
  }

  /** @param uuids what the job is called towards its miners */
  private receipts(uuids: string[]): Promise<ValidatorReceipt[]> {
    return this.database.manager.query(
      `select job_uuid, receipt_type as type, miner_hotkey, ${timeText('timestamp')} as timestamp,
         miner_signature is not null as is_countersigned, score::text as score, block_numbers
       from receipt where job_uuid = any ($1) and validator_hotkey = $2 order by receipt.timestamp, receipt_type`,
      [uuids, this.keypair.address],
    );
  }
}

const withWhy = ({ status, at, metadata }: Event): StatusEntry => ({
  status,
  at,
  why: isTerminal(status) ? messageIn(metadata) : null,
});

/** null: it is no request, such as that of a job which was cancelled before it came. */
export function readRequest(frame: string): NewJob | null {
  try {
    const message: Partial<NewJob> = requestOf(frame);
    return message.message_type === 'V2JobRequest' ? (message as NewJob) : null;
  } catch {
    return null;
  }
}

const shownRequest = (request: NewJob): ValidatorRequest => ({
  docker_image: request.docker_image,
  args: request.args,
  env_names: [...request.env.keys()],
  on_trusted_miner: request.on_trusted_miner,
  is_streaming: request.streaming_details !== null,
  volume: request.volume?.volume_type ?? null,
  output_upload: request.output_upload?.output_upload_type ?? null,
  download_time_limit: request.download_time_limit,
  execution_time_limit: request.execution_time_limit,
  upload_time_limit: request.upload_time_limit,
  streaming_start_time_limit: request.streaming_start_time_limit,
});

const noLimits = {
  download_time_limit: 0,
  execution_time_limit: 0,
  upload_time_limit: 0,
  streaming_start_time_limit: 0,
};
const limitsOf = (wanted: string) => ({ ...noLimits, ...readWanted(wanted) });

function choiceOf({
  decision,
  attempt,
}: NonNullable<Awaited<ReturnType<Decisions['of']>>>['decisions'][number]): ValidatorChoice {
  const { says, candidates, others } = readDecision(decision.decision);
  return {
    at: decision.decided_at.toISOString(),
    sentence: says,
    attempt: attempt?.number ?? null,
    candidates: candidates.map(({ result, ...candidate }) => ({
      ...candidate,
      is_chosen: result === 'chosen',
      sentence: verdictOf(result),
    })),
    others: Object.entries(others).map(([result, count]) => ({ sentence: verdictOf(result), count })),
  };
}
