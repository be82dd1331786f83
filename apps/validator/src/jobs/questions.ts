import type { DescribeJobRequest, DryRunRequest, DryRunResponse, JobDescription } from '@horde/protocol';

/** Answers what facilitators ask. Nothing changes by it, and no job waits for it. */
export abstract class Questions {
  /** Whether a job could run now. */
  abstract dryRun(request: DryRunRequest): Promise<DryRunResponse>;
  /** @param facilitator the address of the one that asks @returns null: it has sent no such job */
  abstract describe(request: DescribeJobRequest, facilitator: string): Promise<JobDescription | null>;
}
