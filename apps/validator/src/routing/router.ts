import { Injectable } from '@nestjs/common';
import { steadyNow } from '@horde/async';
import { Database } from '@horde/database';
import { Keypair } from '@horde/identity';
import { errors, HordeError, type ExecutorClass, type NewJob } from '@horde/protocol';
import type { EntityManager } from 'typeorm';
import { Job } from '../jobs/job.entity.ts';
import { startedReceipt } from '../jobs/messages.ts';
import { deadlineAfter } from '../jobs/stages.ts';
import type { Claim } from '../jobs/jobs.ts';
import { ValidatorConfig } from '../dynamic-config/validator-config.ts';
import { Receipts } from '../receipts/receipts.ts';
import { ValidatorSettings } from '../settings.ts';
import { MinerDirectory } from './miner-directory.ts';
import { pick, type Candidate } from './pick.ts';
import type { MinerAddress } from '../miner/miner-client.ts';

/** How long a job may wait for miners that are just being asked what they offer. @unit ms */
const lookLimit = 10_000;

/** Chooses the miner for a job. */
@Injectable()
export class Router {
  constructor(
    private readonly database: Database,
    private readonly directory: MinerDirectory,
    private readonly receipts: Receipts,
    private readonly keypair: Keypair,
    private readonly config: ValidatorConfig,
    private readonly settings: ValidatorSettings,
  ) {}

  /**
   * Chooses a miner and stores the choice with the job's first receipt and deadline. When no known miner fits, it
   * looks for others for up to ten seconds.
   *
   * @returns the job as it is then; an error of the catalogue when there is no miner; null when the claim is lost
   * @throws the signal's reason when it is aborted
   */
  async assign(claim: Claim, request: NewJob, signal: AbortSignal): Promise<Job | HordeError | null> {
    if (request.on_trusted_miner) return errors.NO_TRUSTED_MINER();
    const limit = AbortSignal.any([signal, AbortSignal.timeout(lookLimit)]);
    for (;;) {
      const chosen = await this.choose(claim, request);
      if (!(chosen instanceof HordeError)) return chosen;
      const looked = await Promise.race([this.directory.lookAgain(), aborted(limit)]);
      signal.throwIfAborted();
      if (looked !== 'more is known') return await this.choose(claim, request);
    }
  }

  private choose(claim: Claim, request: NewJob): Promise<Job | HordeError | null> {
    const { executor_class } = request;
    return this.database.transaction(async (tx) => {
      // Two jobs that are routed at once must not both take a miner's last executor.
      await tx.manager.query(`select pg_advisory_xact_lock(hashtext('validator: routing'))`);
      const miner = await this.find(tx.manager, executor_class);
      if (miner instanceof HordeError) return miner;
      const now = steadyNow();
      const { affected } = await tx.manager
        .createQueryBuilder()
        .update(Job)
        .set({
          miner_hotkey: miner.hotkey,
          miner_ip: miner.ip,
          miner_port: miner.port,
          started_at: new Date(now),
          deadline: new Date(deadlineAfter('received', request, this.config.limits, null, now)),
        })
        .where('uuid = :uuid and driver = :driver and miner_hotkey is null', { ...claim })
        .execute();
      if (!affected) return null;
      const parties = {
        job_uuid: claim.uuid,
        miner_hotkey: miner.hotkey,
        validator_hotkey: this.keypair.address,
      };
      await this.receipts.issue(tx, startedReceipt(parties, request, this.config.limits));
      return tx.manager.findOneByOrFail(Job, { uuid: claim.uuid });
    });
  }

  private async find(
    manager: EntityManager,
    executorClass: ExecutorClass,
  ): Promise<MinerAddress | HordeError> {
    if (this.settings.debugMinerKey) return this.debugMiner(manager, this.settings.debugMinerKey);
    const candidates = await this.candidates(manager, executorClass);
    const miner = pick(candidates, Math.random);
    if (miner) return miner;
    const offered = candidates.reduce((sum, candidate) => sum + candidate.offered, 0);
    if (offered > 0) return errors.ALL_MINERS_BUSY(executorClass, offered, candidates.length);
    const [{ known }] = (await manager.query(
      'select count(*)::int as known from miner where ip is not null',
    )) as [{ known: number }];
    return errors.NO_MINER_OFFERS_CLASS(executorClass, known);
  }

  private candidates(manager: EntityManager, executorClass: ExecutorClass): Promise<Candidate[]> {
    return manager.query(
      `select hotkey, ip, port, count as offered,
              (select count(*)::int from job where miner_hotkey = hotkey and job.executor_class = $1 and ended_at is null) as running,
              (select extract(epoch from max(ended_at))::float8 * 1000 from job
               where miner_hotkey = hotkey and job.executor_class = $1) as "freeSince"
       from miner join miner_manifest using (hotkey)
       where ip is not null and miner_manifest.executor_class = $1`,
      [executorClass],
    ) as Promise<Candidate[]>;
  }

  private async debugMiner(manager: EntityManager, hotkey: string): Promise<MinerAddress | HordeError> {
    const { debugMinerAddress: ip, debugMinerPort: port } = this.settings;
    if (ip !== undefined && port !== undefined) return { hotkey, ip, port };
    const [known] = (await manager.query(
      'select hotkey, ip, port from miner where hotkey = $1 and ip is not null',
      [hotkey],
    )) as MinerAddress[];
    return known ?? errors.DEBUG_MINER_UNKNOWN(hotkey);
  }
}

const aborted = (signal: AbortSignal) =>
  new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
