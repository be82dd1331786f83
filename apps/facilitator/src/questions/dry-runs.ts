import { Injectable } from '@nestjs/common';
import {
  DryRunRequest,
  make,
  errors,
  type ExecutorClass,
  type NewJob,
  type VerdictCount,
} from '@horde/protocol';
import { Questions } from './questions.ts';

/** What a dry run says, as its user gets it. */
export interface DryRun {
  could_run: boolean;
  /** The code of an error; null: it could run. */
  reason: string | null;
  sentence: string;
  /** What a miner would have to keep for it. */
  reserves: { executor_class: ExecutorClass; seconds: number };
  /** Miners that offer the class; `reason`: why one could not have it; null: it could. */
  candidates: { miner_hotkey: string; reason: string | null }[];
  /** How many miners have which reason; `free`: could have it. */
  counts: Record<string, number>;
  /** About; null: nobody knows. */
  expected_wait_seconds: number | null;
}

/** What the validator of a job is asked. */
interface Question {
  validator: string;
  request: DryRunRequest;
}

/** The question whether a job could run now. @param job as it would be sent */
export const dryRunOf = (validator: string, job: NewJob): Question => ({
  validator,
  request: make(DryRunRequest, {
    signatory: job.signature!.signatory,
    executor_class: job.executor_class,
    on_trusted_miner: job.on_trusted_miner,
    download_time_limit: job.download_time_limit,
    execution_time_limit: job.execution_time_limit,
    upload_time_limit: job.upload_time_limit,
    streaming_start_time_limit: job.streaming_start_time_limit,
  }),
});

/** Finds out whether jobs could run now. Nothing of them is stored or reserved. */
@Injectable()
export class DryRuns {
  constructor(private readonly questions: Questions) {}

  /** @throws HordeError VALIDATOR_CANNOT_ANSWER, VALIDATOR_REFUSED_TO_ANSWER, VALIDATOR_DID_NOT_ANSWER; Refusal 429 */
  async ask(hotkey: string, { validator, request }: Question): Promise<DryRun> {
    const answer = await this.questions.ask(hotkey, validator, request);
    if (answer.message_type !== 'V0DryRunResponse')
      throw errors.VALIDATOR_REFUSED_TO_ANSWER(
        validator,
        'sentence' in answer ? answer.sentence : 'It has said something else.',
      );
    const { could_run, reason, sentence, seconds, candidates, counts, expected_wait_seconds } = answer;
    return {
      could_run,
      reason,
      sentence,
      reserves: { executor_class: request.executor_class, seconds },
      candidates: candidates.map(({ miner_hotkey, reason }) => ({ miner_hotkey, reason })),
      counts: countsOf(counts),
      expected_wait_seconds,
    };
  }
}

/** How many have which verdict, by its word. */
export const countsOf = (counts: readonly VerdictCount[]): Record<string, number> =>
  Object.fromEntries(counts.map(({ reason, count }) => [reason, count]));
