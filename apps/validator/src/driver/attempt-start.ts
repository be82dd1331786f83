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
import type { ChosenMiner, NoMiner } from '../routing/choice.ts';
import { Router } from '../routing/router.ts';
import { ValidatorSettings } from '../settings.ts';
import { ClaimLost } from './claim-lost.ts';

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
    private readonly settings: ValidatorSettings,
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

  /**
   * Begins an attempt at a miner that has not been asked yet.
   *
   * @param conclude stores the end of the attempt before
   * @returns null when no other miner can be asked; nothing is stored then
   * @throws ClaimLost
   */
  async another(
    claim: Claim,
    request: NewJob,
    conclude: (tx: Transaction) => Promise<void>,
  ): Promise<Attempt | null> {
    return this.database.transaction(async (tx) => {
      if (!(await this.jobs.hold(tx, claim))) throw new ClaimLost();
      const before = await this.attempts.in(tx, claim.uuid);
      if (before.length >= this.settings.jobMaxMiners) return null;
      const uuid = randomUUID();
      const excluded = new Set(before.map(({ miner_hotkey }) => miner_hotkey));
      const choice = await this.router.choose(tx, request, { attempt: uuid, excluded });
      if (choice.is !== 'miner') return null;
      await conclude(tx);
      return this.begin(tx, choice, request, {
        job_uuid: claim.uuid,
        uuid,
        number: before.length + 1,
      });
    });
  }

  private tryFirst(claim: Claim, request: NewJob): Promise<Attempt | NoMiner | null> {
    const { uuid } = claim;
    return this.database.transaction(async (tx) => {
      if (!(await this.jobs.hold(tx, claim))) return null;
      const choice = await this.router.choose(tx, request, { attempt: uuid, excluded: new Set() });
      if (choice.is !== 'miner') return choice;
      return this.begin(tx, choice, request, { job_uuid: uuid, uuid, number: 1 });
    });
  }

  private async begin(
    tx: Transaction,
    { miner: { hotkey, ip, port }, booking }: ChosenMiner,
    request: NewJob,
    attempt: Pick<Attempt, 'job_uuid' | 'number' | 'uuid'>,
  ): Promise<Attempt> {
    const now = steadyNow();
    const { limits } = this.config;
    const parties = {
      job_uuid: attempt.uuid,
      miner_hotkey: hotkey,
      validator_hotkey: this.keypair.address,
    };
    await this.receipts.issue(tx, startedReceipt(parties, request, limits));
    return this.attempts.begin(tx, {
      ...attempt,
      miner_hotkey: hotkey,
      miner_ip: ip,
      miner_port: port,
      booking_id: booking,
      started_at: new Date(now),
      deadline: new Date(deadlineAfter('received', request, limits, null, now)),
    });
  }
}
