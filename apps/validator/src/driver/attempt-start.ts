import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { orAborted, steadyNow } from '@horde/async';
import { Database, type Transaction } from '@horde/database';
import { Keypair } from '@horde/identity';
import type { NewJob } from '@horde/protocol';
import { ValidatorConfig } from '../dynamic-config/validator-config.ts';
import type { Attempt } from '../jobs/attempt.entity.ts';
import { Attempts } from '../jobs/attempts.ts';
import { Jobs, type Claim } from '../jobs/jobs.ts';
import { startedReceipt } from '../jobs/messages.ts';
import { deadlineAfter } from '../jobs/stages.ts';
import { Receipts } from '../receipts/receipts.ts';
import type { NoMiner } from '../routing/choice.ts';
import { Router } from '../routing/router.ts';

/** How long a job may wait for miners that are just being asked what they offer. @unit ms */
const lookLimit = 10_000;

/** Begins attempts: asks the router for a miner, and stores the choice with its deadline and the job's first receipt. */
@Injectable()
export class AttemptStart {
  constructor(
    private readonly database: Database,
    private readonly jobs: Jobs,
    private readonly attempts: Attempts,
    private readonly receipts: Receipts,
    private readonly router: Router,
    private readonly keypair: Keypair,
    private readonly config: ValidatorConfig,
  ) {}

  /**
   * Begins a job's first attempt. When no known miner fits, it looks for others for up to ten seconds.
   *
   * @returns why nobody can have the job, if so; null when the claim is lost
   * @throws the signal's reason when it is aborted
   */
  async first(claim: Claim, request: NewJob, signal: AbortSignal): Promise<Attempt | NoMiner | null> {
    const limit = AbortSignal.timeout(lookLimit);
    const late = new Promise<void>((resolve) => limit.addEventListener('abort', () => resolve()));
    for (;;) {
      const begun = await this.tryFirst(claim, request);
      if (begun === null || !('is' in begun)) return begun;
      const looked = await orAborted(Promise.race([this.router.lookAgain(), late]), signal);
      if (looked !== 'more is known') return this.tryFirst(claim, request);
    }
  }

  private tryFirst(claim: Claim, request: NewJob): Promise<Attempt | NoMiner | null> {
    return this.database.transaction(async (tx) =>
      (await this.jobs.hold(tx, claim)) ? this.begin(tx, claim.uuid, request, []) : null,
    );
  }

  /** @param before the attempts that there have been */
  private async begin(
    tx: Transaction,
    jobUuid: string,
    request: NewJob,
    before: Attempt[],
  ): Promise<Attempt | NoMiner> {
    const uuid = before.length === 0 ? jobUuid : randomUUID();
    const excluded = new Set(before.map(({ miner_hotkey }) => miner_hotkey));
    const choice = await this.router.choose(tx, request, { attempt: uuid, excluded });
    if (choice.is !== 'miner') return choice;
    const { hotkey, ip, port } = choice.miner;
    const now = steadyNow();
    const { limits } = this.config;
    const parties = { job_uuid: uuid, miner_hotkey: hotkey, validator_hotkey: this.keypair.address };
    await this.receipts.issue(tx, startedReceipt(parties, request, limits));
    return this.attempts.begin(tx, {
      job_uuid: jobUuid,
      number: before.length + 1,
      uuid,
      miner_hotkey: hotkey,
      miner_ip: ip,
      miner_port: port,
      started_at: new Date(now),
      deadline: new Date(deadlineAfter('received', request, limits, null, now)),
    });
  }
}
