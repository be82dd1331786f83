import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Batches, Database, PreparedStatement } from '@horde/database';
import { Keypair, VerifierPool } from '@horde/identity';
import type { ReceiptPayload } from '@horde/protocol';
import type { Job } from '../jobs/job.entity.ts';
import { MinerSettings } from '../settings.ts';
import type { Refusal } from './receipt-counts.ts';
import { receiptMismatch, wrongSignature } from './receipt-rules.ts';

/** How many receipts are checked together. */
const maxBatch = 256;

type ClaimedJob = Pick<Job, 'uuid' | 'validator_hotkey' | 'ended_at' | 'cancelled_by'>;

const ofUuids = new PreparedStatement<ClaimedJob>(
  'select uuid, validator_hotkey, ended_at, cancelled_by from job where uuid = any ($1::uuid[])',
);

/** A receipt as a validator sent it. */
export interface Claim {
  payload: ReceiptPayload;
  /** What was signed. */
  text: string;
  signature: string;
  /** The hotkey that its connection has authenticated. */
  validator: string;
}

/** The job that a good receipt is about, or why it is refused. */
export type Checked = { job: ClaimedJob } | { refusal: Refusal; sentence: string };

/** Checks receipts against their jobs and signatures: those that come at once together, and on threads of their own. */
@Injectable()
export class ReceiptChecks implements OnApplicationShutdown {
  private readonly pool = new VerifierPool();
  private readonly batches = new Batches((claims: Claim[]) => this.checkAll(claims), maxBatch);

  constructor(
    private readonly database: Database,
    private readonly keypair: Keypair,
    private readonly settings: MinerSettings,
  ) {}

  check(claim: Claim): Promise<Checked> {
    return this.batches.add(claim);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.pool.close();
  }

  private async checkAll(claims: Claim[]): Promise<Checked[]> {
    const [jobs, problems] = await Promise.all([this.jobsOf(claims), this.problemsOf(claims)]);
    return claims.map(({ payload, validator }, index): Checked => {
      const job = jobs.get(payload.job_uuid);
      if (job?.validator_hotkey !== validator) {
        return { refusal: 'unknown_job', sentence: 'This miner has no such job of this validator.' };
      }
      return problems[index] ?? { job };
    });
  }

  private async jobsOf(claims: Claim[]) {
    const jobs = await ofUuids.run(this.database.manager, [claims.map(({ payload }) => payload.job_uuid)]);
    return new Map(jobs.map((job) => [job.uuid, job]));
  }

  private async problemsOf(claims: Claim[]): Promise<({ refusal: Refusal; sentence: string } | null)[]> {
    // A local miner's validator trusts it, and the other way round.
    if (this.settings.isLocalMiner) return claims.map(() => null);
    const now = Date.now();
    const mismatches = claims.map(({ payload, validator }) =>
      receiptMismatch(payload, { miner: this.keypair.address, validator, now }),
    );
    const holds = await this.pool.verifyAll(
      claims.map(({ text, signature, validator }) => ({ data: text, signature, hotkey: validator })),
    );
    return mismatches.map((sentence, index) => {
      if (sentence !== null) return { refusal: 'mismatch', sentence };
      return holds[index] ? null : { refusal: 'signature', sentence: wrongSignature };
    });
  }
}
