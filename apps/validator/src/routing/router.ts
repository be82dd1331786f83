import { Injectable } from '@nestjs/common';
import type { Transaction } from '@horde/database';
import { errors, type ExecutorClass, type HordeError, type NewJob } from '@horde/protocol';
import type { EntityManager } from 'typeorm';
import type { MinerAddress } from '../miner/miner-client.ts';
import { ValidatorSettings } from '../settings.ts';
import type { Choice, ChoiceOptions } from './choice.ts';
import { MinerDirectory } from './miner-directory.ts';
import { pick, type Candidate } from './pick.ts';

/** Chooses the miner for a job. */
@Injectable()
export class Router {
  constructor(
    private readonly directory: MinerDirectory,
    private readonly settings: ValidatorSettings,
  ) {}

  /**
   * Where no miner fits: a fresh look at the chain, and the answers of those whose manifest is not known. Resolves as
   * soon as another miner is known, or nothing is left to wait for.
   */
  lookAgain(): Promise<'more is known' | 'that was all'> {
    return this.directory.lookAgain();
  }

  /**
   * Chooses a miner for a job. Until the transaction is committed no other choice is made.
   *
   * @param tx stores what is chosen
   */
  async choose(tx: Transaction, request: NewJob, { excluded }: ChoiceOptions): Promise<Choice> {
    if (request.on_trusted_miner) return reject(errors.NO_TRUSTED_MINER());
    // Two jobs that are routed at once must not both take a miner's last executor.
    await tx.manager.query(`select pg_advisory_xact_lock(hashtext('validator: routing'))`);
    return this.find(tx.manager, request.executor_class, excluded);
  }

  private async find(
    manager: EntityManager,
    executorClass: ExecutorClass,
    excluded: ReadonlySet<string>,
  ): Promise<Choice> {
    const { debugMinerKey } = this.settings;
    if (debugMinerKey) return this.debugMiner(manager, debugMinerKey, excluded);
    const candidates = (await this.candidates(manager, executorClass)).filter(
      ({ hotkey }) => !excluded.has(hotkey),
    );
    const miner = pick(candidates, Math.random);
    if (miner) return { is: 'miner', miner };
    const offered = candidates.reduce((sum, candidate) => sum + candidate.offered, 0);
    if (offered > 0) {
      return {
        is: 'wait',
        error: errors.ALL_MINERS_BUSY(executorClass, offered, candidates.length),
        candidates: candidates.map((one) => ({ hotkey: one.hotkey, why: `all ${one.offered} are busy` })),
      };
    }
    const [{ known }] = (await manager.query(
      'select count(*)::int as known from miner where ip is not null',
    )) as [{ known: number }];
    return reject(errors.NO_MINER_OFFERS_CLASS(executorClass, known));
  }

  private candidates(manager: EntityManager, executorClass: ExecutorClass): Promise<Candidate[]> {
    return manager.query(
      `select hotkey, ip, port, count as offered,
              (select count(*)::int from attempt join job on job.uuid = job_uuid
               where miner_hotkey = hotkey and job.executor_class = $1 and attempt.ended_at is null) as running,
              (select extract(epoch from max(attempt.ended_at))::float8 * 1000 from attempt join job on job.uuid = job_uuid
               where miner_hotkey = hotkey and job.executor_class = $1) as "freeSince"
       from miner join miner_manifest using (hotkey)
       where ip is not null and miner_manifest.executor_class = $1`,
      [executorClass],
    ) as Promise<Candidate[]>;
  }

  private async debugMiner(
    manager: EntityManager,
    hotkey: string,
    excluded: ReadonlySet<string>,
  ): Promise<Choice> {
    const { debugMinerAddress: ip, debugMinerPort: port } = this.settings;
    const [known] =
      ip !== undefined && port !== undefined
        ? [{ hotkey, ip, port }]
        : ((await manager.query('select hotkey, ip, port from miner where hotkey = $1 and ip is not null', [
            hotkey,
          ])) as MinerAddress[]);
    return known && !excluded.has(hotkey)
      ? { is: 'miner', miner: known }
      : reject(errors.DEBUG_MINER_UNKNOWN(hotkey));
  }
}

const reject = (error: HordeError): Choice => ({ is: 'reject', error, candidates: [] });
