import { Injectable } from '@nestjs/common';
import { Database } from '@horde/database';
import {
  AttemptFacts,
  DryRunResponse,
  errors,
  isCanonicalUuid,
  JobDescription,
  make,
  MinerChoice,
  MinerVerdict,
  VerdictCount,
  wireTime,
  type DescribeJobRequest,
  type DryRunRequest,
} from '@horde/protocol';
import { Questions } from '../jobs/questions.ts';
import { costOf } from '../jobs/stages.ts';
import { ValidatorSettings } from '../settings.ts';
import { Whitelist } from '../whitelist/whitelist.ts';
import { readDecision } from './decision.ts';
import { Decisions, type JobRouting } from './decisions.ts';
import { ExpectedWait } from './expected-wait.ts';
import { waitOf } from './explain.ts';
import { Router, type Preview } from './router.ts';

/** So many miners, attempts and choices are told of. */
const maxTold = 20;
/** @unit characters */
const maxSentence = 2_000;

/** A word for each miner, null where nothing is in its way. */
interface Verdict {
  hotkey: string;
  reason: string | null;
}

/** What the router says to users, through their facilitator: of miners their names and obstacles alone, of other jobs nothing. */
@Injectable()
export class Answers extends Questions {
  constructor(
    private readonly database: Database,
    private readonly router: Router,
    private readonly decisions: Decisions,
    private readonly expected: ExpectedWait,
    private readonly whitelist: Whitelist,
    private readonly settings: ValidatorSettings,
  ) {
    super();
  }

  override async dryRun(request: DryRunRequest): Promise<DryRunResponse> {
    const preview = (await this.whitelist.has(request.signatory))
      ? await this.router.preview(this.database.manager, request)
      : strangers(request.signatory);
    const { error, candidates } = preview;
    const wait = error && (await this.expected.of(request.executor_class, candidates));
    const verdicts = verdictsOf(preview);
    return make(DryRunResponse, {
      question_uuid: request.question_uuid,
      could_run: error === null,
      reason: error?.code ?? null,
      sentence: shortened(this.sentenceOf(preview, request.executor_class, wait)),
      seconds: costOf(request),
      candidates: toldOf(verdicts),
      counts: countsOf(verdicts, 'free'),
      expected_wait_seconds: error ? wait : 0,
    });
  }

  override async describe(
    { question_uuid, job_uuid }: DescribeJobRequest,
    facilitator: string,
  ): Promise<JobDescription | null> {
    const routing = isCanonicalUuid(job_uuid) ? await this.decisions.of(job_uuid) : null;
    if (routing?.job.facilitator !== facilitator) return null;
    const wait = waitOf(routing);
    return make(JobDescription, {
      question_uuid,
      waits_for: wait && shortened(wait.sentence),
      waits_since: wait && timeOf(wait.since),
      waits_until: wait && timeOf(wait.until),
      attempts: routing.attempts.slice(-maxTold).map((attempt) =>
        make(AttemptFacts, {
          number: attempt.number,
          miner_hotkey: attempt.miner_hotkey,
          started_at: timeOf(attempt.started_at),
          ended_at: attempt.ended_at && timeOf(attempt.ended_at),
          outcome: attempt.outcome,
          message: attempt.message && shortened(attempt.message),
        }),
      ),
      choices: routing.decisions.slice(-maxTold).map(choiceOf),
    });
  }

  private sentenceOf({ error, candidates }: Preview, executorClass: string, wait: number | null): string {
    if (!error && candidates.length === 0) return 'Its miner is set.';
    const free = candidates.filter(({ obstacle }) => obstacle === null).length;
    if (!error) return `${free} of ${candidates.length} miners with ${executorClass} could take it.`;
    if (wait === null) return error.message;
    return `${error.message} One may be free in about ${wait} s; a job waits here for up to ${this.settings.jobWaitLimit} s.`;
  }
}

const strangers = (signatory: string): Preview => ({
  miner: null,
  error: errors.BAD_JOB_SIGNATURE(`Signatory ${signatory} is not in validator whitelist`),
  candidates: [],
});

const verdictsOf = ({ miner, candidates }: Preview): Verdict[] =>
  miner
    ? [{ hotkey: miner.hotkey, reason: null }]
    : candidates
        .toSorted((a, b) => Number(a.obstacle !== null) - Number(b.obstacle !== null) || b.chance - a.chance)
        .map(({ hotkey, obstacle }) => ({ hotkey, reason: obstacle }));

function choiceOf({ decision }: JobRouting['decisions'][number]): MinerChoice {
  const { says, candidates, others } = readDecision(decision.decision);
  const verdicts = candidates.map(({ hotkey, result }) => ({
    hotkey,
    reason: result === 'chosen' ? null : result.replaceAll(' ', '_'),
  }));
  const counts = new Map(countsOf(verdicts, 'chosen').map(({ reason, count }) => [reason, count]));
  for (const [result, count] of Object.entries(others)) {
    const reason = result.replaceAll(' ', '_');
    counts.set(reason, (counts.get(reason) ?? 0) + count);
  }
  return make(MinerChoice, {
    at: timeOf(decision.decided_at),
    sentence: shortened(says),
    candidates: toldOf(verdicts),
    counts: [...counts].map(([reason, count]) => make(VerdictCount, { reason, count })),
  });
}

const toldOf = (verdicts: readonly Verdict[]): MinerVerdict[] =>
  verdicts
    .slice(0, maxTold)
    .map(({ hotkey, reason }) => make(MinerVerdict, { miner_hotkey: hotkey, reason }));

/** @param clear the word for those whom nothing was in the way of */
const countsOf = (verdicts: readonly Verdict[], clear: string): VerdictCount[] =>
  [...Map.groupBy(verdicts, ({ reason }) => reason ?? clear)].map(([reason, those]) =>
    make(VerdictCount, { reason, count: those.length }),
  );

const shortened = (text: string): string => text.slice(0, maxSentence);

const timeOf = (at: Date): string => wireTime(at.getTime() * 1_000);
