import { ExecutorClass } from '../executor-classes.ts';
import { Bool, closed, Integer, OneOf, Parts, Text, Time } from '../messages/fields.ts';
import { MessageType } from '../messages/message.ts';

/** A facilitator waits so long for an answer. @unit ms */
export const answerLimit = 5_000;
/** A facilitator asks no more at once over one connection; a validator refuses more. */
export const maxQuestions = 16;

/** So many miners, choices and attempts are told of at most. */
const maxTold = 20;
/** @unit characters */
const maxSentence = 2_000;

/** facilitator -> validator, with `ask-1`: could this job run now? Nothing of it is stored or reserved. */
@closed
export class DryRunRequest {
  @MessageType('V0DryRunRequest') message_type = 'V0DryRunRequest' as const;
  @Text({ max: 100 }) question_uuid!: string;
  /** The hotkey that would sign the job. */
  @Text({ max: 100 }) signatory!: string;
  @OneOf(ExecutorClass) executor_class!: ExecutorClass;
  @Bool() on_trusted_miner = false;
  /** Time limits. @unit seconds */
  @Integer() download_time_limit!: number;
  @Integer() execution_time_limit!: number;
  @Integer() upload_time_limit!: number;
  @Integer() streaming_start_time_limit!: number;
}

/** facilitator -> validator, with `ask-1`: how did this job of yours come to where it is? */
@closed
export class DescribeJobRequest {
  @MessageType('V0DescribeJobRequest') message_type = 'V0DescribeJobRequest' as const;
  @Text({ max: 100 }) question_uuid!: string;
  @Text({ max: 100 }) job_uuid!: string;
}

/** A miner that offers the class, and why it could not have the job. */
export class MinerVerdict {
  @Text({ max: 100 }) miner_hotkey!: string;
  /** A word; null: it could. */
  @Text({ max: 40 }) reason: string | null = null;
}

/** How many miners have one verdict. */
export class VerdictCount {
  @Text({ max: 40 }) reason!: string;
  @Integer({ min: 0 }) count!: number;
}

/** validator -> facilitator: the answer to a `V0DryRunRequest`. */
export class DryRunResponse {
  @MessageType('V0DryRunResponse') message_type = 'V0DryRunResponse' as const;
  @Text({ max: 100 }) question_uuid!: string;
  @Bool() could_run!: boolean;
  /** The code of the error that it would wait with or be rejected with; null: it could run. */
  @Text({ max: 100 }) reason: string | null = null;
  @Text({ max: maxSentence }) sentence!: string;
  /** What it would reserve. @unit executor-seconds */
  @Integer({ min: 0 }) seconds!: number;
  @Parts(() => MinerVerdict, { max: maxTold }) candidates: MinerVerdict[] = [];
  @Parts(() => VerdictCount, { max: maxTold }) counts: VerdictCount[] = [];
  /** About when a miner could take it; null: nobody knows. @unit seconds */
  @Integer({ min: 0 }) expected_wait_seconds: number | null = null;
}

/** One look for a miner, and what it came to. */
export class MinerChoice {
  @Time() at!: string;
  @Text({ max: maxSentence }) sentence!: string;
  @Parts(() => MinerVerdict, { max: maxTold }) candidates: MinerVerdict[] = [];
  @Parts(() => VerdictCount, { max: maxTold }) counts: VerdictCount[] = [];
}

/** One miner that was asked to run the job. */
export class AttemptFacts {
  @Integer({ min: 1 }) number!: number;
  @Text({ max: 100 }) miner_hotkey!: string;
  @Time() started_at!: string;
  /** null: it goes on. */
  @Time() ended_at: string | null = null;
  @Text({ max: 40 }) outcome: string | null = null;
  @Text({ max: maxSentence }) message: string | null = null;
}

/** validator -> facilitator: the answer to a `V0DescribeJobRequest`. The newest choices and attempts, oldest first. */
export class JobDescription {
  @MessageType('V0JobDescription') message_type = 'V0JobDescription' as const;
  @Text({ max: 100 }) question_uuid!: string;
  /** What it waits for, as a sentence; null: it waits for nothing. */
  @Text({ max: maxSentence }) waits_for: string | null = null;
  @Time() waits_since: string | null = null;
  /** At most. */
  @Time() waits_until: string | null = null;
  @Parts(() => AttemptFacts, { max: maxTold }) attempts: AttemptFacts[] = [];
  @Parts(() => MinerChoice, { max: maxTold }) choices: MinerChoice[] = [];
}

/** validator -> facilitator: a question is not answered. */
export class QuestionRefused {
  @MessageType('V0QuestionRefused') message_type = 'V0QuestionRefused' as const;
  @Text({ max: 100 }) question_uuid!: string;
  @Text({ max: maxSentence }) sentence!: string;
}

/** The answers to questions. */
export type QuestionAnswer = DryRunResponse | JobDescription | QuestionRefused;
