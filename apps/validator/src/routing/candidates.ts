import { Inject, Injectable } from '@nestjs/common';
import { LOGGER, type Logger } from '@horde/operations';
import type { ExecutorClass } from '@horde/protocol';
import type { EntityManager } from 'typeorm';
import { Allowance } from '../allowance/allowance.ts';
import { Capacity } from '../capacity/capacity.ts';
import { COLLATERAL, type Collateral } from '../collateral/collateral.ts';
import { ValidatorConfig } from '../dynamic-config/validator-config.ts';
import type { MinerAddress } from '../miner/miner-client.ts';
import type { Candidate, Obstacle } from './candidate.ts';
import { chancesOf, reliabilityOf } from './reliability.ts';

/** Whether a miner may be asked, by its hotkey. */
export type MayAsk = (hotkey: string) => boolean;

interface MinerRow extends MinerAddress {
  offered: number;
  /** This validator's jobs there. */
  own: number;
  incidents: number;
  blacklisted: boolean;
}

/** The account of a miner that has given nothing yet. */
const nothing = { available: 0, unspent: 0, isEnough: false };

/** The miners among which one is chosen. */
@Injectable()
export class Candidates {
  constructor(
    private readonly capacity: Capacity,
    private readonly allowance: Allowance,
    private readonly config: ValidatorConfig,
    @Inject(COLLATERAL) private readonly collateral: Collateral,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /**
   * All that offer the class, in no order.
   *
   * @param seconds what the job costs. @unit executor-seconds
   * @param mayAsk the others have had their turn
   */
  async of(
    manager: EntityManager,
    executorClass: ExecutorClass,
    seconds: number,
    mayAsk: MayAsk,
  ): Promise<Candidate[]> {
    const elsewhere = await this.capacity.elsewhere(manager, executorClass);
    const miners = await this.offering(manager, executorClass);
    const deposits = await this.deposits(miners.map(({ hotkey }) => hotkey));
    const least = BigInt(this.config.get('DYNAMIC_MINIMUM_COLLATERAL_AMOUNT_WEI'));
    const accounts = this.accounts(executorClass, seconds);
    const obstacleOf = ({ hotkey, blacklisted }: MinerRow): Obstacle | null => {
      if (!mayAsk(hotkey)) return 'asked';
      const account = accounts.get(hotkey) ?? nothing;
      if (this.allowance.isRequired && !account.isEnough)
        return account.unspent < seconds ? 'allowance' : 'reserved';
      if (deposits && (deposits.get(hotkey) ?? 0n) < least) return 'collateral';
      return blacklisted ? 'blacklisted' : null;
    };
    const candidates = miners.map((miner): Candidate => {
      const { hotkey, ip, port, offered, own, incidents } = miner;
      return {
        hotkey,
        ip,
        port,
        offered,
        busy: own + (elsewhere.get(hotkey) ?? 0),
        allowance: (accounts.get(hotkey) ?? nothing).available,
        reliability: reliabilityOf(incidents, offered),
        chance: 0,
        obstacle: obstacleOf(miner),
      };
    });
    return this.withChances(candidates);
  }

  /** What is left of each miner's allowance. */
  private accounts(executorClass: ExecutorClass, seconds: number): Map<string, typeof nothing> {
    const { enough, others } = this.allowance.candidates(executorClass, seconds);
    const entries = (accounts: typeof enough, isEnough: boolean) =>
      accounts.map(({ minerHotkey, available, unspent }): [string, typeof nothing] => [
        minerHotkey,
        { available, unspent, isEnough },
      ]);
    return new Map([...entries(enough, true), ...entries(others, false)]);
  }

  /** What miners have deposited; null: it does not count. */
  private async deposits(hotkeys: string[]): Promise<Map<string, bigint> | null> {
    if (!this.collateral.isKept) return null;
    try {
      return await this.collateral.of(hotkeys);
    } catch (error) {
      // As ComputeHorde's validator: better jobs for a miner without collateral than none for anybody.
      this.logger.warn({ error }, 'the collateral of miners is not known, and is not looked at for this job');
      return null;
    }
  }

  private offering(manager: EntityManager, executorClass: ExecutorClass): Promise<MinerRow[]> {
    return manager.query<MinerRow[]>(
      `select miner.hotkey, ip, port, offer.count as offered, coalesce(own.count, 0)::int as own,
              coalesce(incident.count, 0)::int as incidents, entry.hotkey is not null as blacklisted
       from miner
       join miner_offer offer on offer.hotkey = miner.hotkey and offer.executor_class = $1
       left join (
         select miner_hotkey as hotkey, count(*) from attempt join job on job.uuid = job_uuid
         where attempt.ended_at is null and executor_class = $1 group by miner_hotkey
       ) own on own.hotkey = miner.hotkey
       left join (
         select hotkey, count(*) from miner_incident
         where executor_class = $1 and at > now() - make_interval(secs => 3600 * $2::float8) group by hotkey
       ) incident on incident.hotkey = miner.hotkey
       left join (
         select distinct hotkey from blacklisted_miner where expires_at is null or expires_at > now()
       ) entry on entry.hotkey = miner.hotkey
       where ip is not null`,
      [executorClass, this.config.get('DYNAMIC_ROUTING_RELIABILITY_WINDOW_HOURS')],
    );
  }

  private withChances(candidates: Candidate[]): Candidate[] {
    const possible = candidates.filter(({ obstacle }) => obstacle === null);
    const chances = chancesOf(
      possible.map(({ reliability }) => reliability),
      {
        softCutoff: this.config.get('DYNAMIC_ROUTING_RELIABILITY_SOFT_CUTOFF'),
        separation: this.config.get('DYNAMIC_ROUTING_RELIABILITY_SEPARATION'),
      },
    );
    possible.forEach((candidate, at) => (candidate.chance = chances[at]!));
    return candidates;
  }
}
