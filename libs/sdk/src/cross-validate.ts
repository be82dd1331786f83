import { randomInt } from 'node:crypto';
import type { HordeClient } from './client.ts';
import type { JobSpec } from './job-spec.ts';
import type { Job } from './job.ts';
import type { RunOptions } from './run-until-complete.ts';

export interface CrossValidation extends Omit<RunOptions, 'onTrustedMiner' | 'idempotencyKey'> {
  /** How many of the jobs are repeated: 0.02 are 2 %. Miners cannot know which. @default 1, all */
  share?: number;
  /** Compares two completed jobs. @returns null when they agree, else what is different, which is reported */
  compare: (job: Job, trusted: Job) => Differences | null | Promise<Differences | null>;
  /** Whether a difference is reported to the validator. @default true */
  report?: boolean;
  /** @returns 0 up to 1 @default by the system's secure random numbers */
  chance?: () => number;
}

type Differences = Readonly<Record<string, unknown>>;

export interface CrossCheck {
  /**
   * - `not_chosen`: the job is not one of those that are repeated, or it did not complete
   * - `agrees`: the trusted miner has the same result
   * - `differs`: it has another one
   * - `no_trusted_result`: it has none
   */
  outcome: 'not_chosen' | 'agrees' | 'differs' | 'no_trusted_result';
  /** null: none was created. */
  trusted: Job | null;
  /** null: none were found. */
  differences: Differences | null;
}

/**
 * Repeats a share of completed jobs on the validator's trusted miner, compares the results, and reports a miner whose
 * result is wrong.
 *
 * @throws as `runUntilComplete` and `reportCheatedJob`, and what `compare` throws
 */
export async function crossValidate(
  client: Pick<HordeClient, 'runUntilComplete' | 'reportCheatedJob'>,
  spec: JobSpec,
  job: Job,
  { share = 1, compare, report = true, chance = secureChance, ...options }: CrossValidation,
): Promise<CrossCheck> {
  if (job.status !== 'completed' || chance() >= share)
    return { outcome: 'not_chosen', trusted: null, differences: null };
  const trusted = await client.runUntilComplete(spec, { ...options, onTrustedMiner: true });
  if (trusted.status !== 'completed') return { outcome: 'no_trusted_result', trusted, differences: null };
  const differences = await compare(job, trusted);
  if (!differences) return { outcome: 'agrees', trusted, differences: null };
  if (report)
    await client.reportCheatedJob(job.uuid, trusted.uuid, { details: differences, signal: options.signal });
  return { outcome: 'differs', trusted, differences };
}

const secureChance = (): number => randomInt(2 ** 32) / 2 ** 32;
