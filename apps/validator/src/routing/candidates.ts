import { Inject, Injectable } from '@nestjs/common';
import { LOGGER, type Logger } from '@horde/operations';
import type { ExecutorClass } from '@horde/protocol';
import { Allowance } from '../allowance/allowance.ts';
import { canPay } from '../allowance/search.ts';
import { COLLATERAL, type Collateral } from '../collateral/collateral.ts';
import { ValidatorConfig } from '../dynamic-config/validator-config.ts';
import type { Candidate, Obstacle } from './candidate.ts';
import type { KnownMiner } from './known-miners.ts';
import { chancesOf, reliabilityOf } from './reliability.ts';

/** Whether a miner may be asked, by its hotkey. */
export type MayAsk = (hotkey: string) => boolean;

/** The account of a miner that has given nothing yet. */
const nothing = { available: 0, unspent: 0 };

/** The miners among which one is chosen. */
@Injectable()
export class Candidates {
  constructor(
    private readonly allowance: Allowance,
    private readonly config: ValidatorConfig,
    @Inject(COLLATERAL) private readonly collateral: Collateral,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /**
   * Of miners that offer a class, whether each can have a job.
   *
   * @param seconds what the job costs. @unit executor-seconds
   * @param mayAsk the others have had their turn
   */
  async of(
    miners: readonly KnownMiner[],
    executorClass: ExecutorClass,
    seconds: number,
    mayAsk: MayAsk,
  ): Promise<Candidate[]> {
    const deposits = await this.deposits(miners);
    const least = BigInt(this.config.get('DYNAMIC_MINIMUM_COLLATERAL_AMOUNT_WEI'));
    const accounts = this.allowance.accounts(executorClass);
    const candidates = miners.map((miner): Candidate => {
      const { hotkey, ip, port, offered, own, elsewhere, incidents, blacklisted } = miner;
      const account = accounts.get(hotkey) ?? nothing;
      const obstacle = (): Obstacle | null => {
        if (!mayAsk(hotkey)) return 'asked';
        if (this.allowance.isRequired && !canPay(account, seconds))
          return account.unspent < seconds ? 'allowance' : 'reserved';
        if (deposits && (deposits.get(hotkey) ?? 0n) < least) return 'collateral';
        return blacklisted ? 'blacklisted' : null;
      };
      return {
        hotkey,
        ip,
        port,
        offered,
        busy: own + elsewhere,
        elsewhere,
        incidents,
        allowance: account.available,
        reliability: reliabilityOf(incidents, offered),
        chance: 0,
        obstacle: obstacle(),
      };
    });
    return this.withChances(candidates);
  }

  /** What miners have deposited; null: it does not count. */
  private async deposits(miners: readonly KnownMiner[]): Promise<Map<string, bigint> | null> {
    if (!this.collateral.isKept) return null;
    try {
      return await this.collateral.of(miners.map(({ hotkey }) => hotkey));
    } catch (error) {
      // As ComputeHorde's validator: better jobs for a miner without collateral than none for anybody.
      this.logger.warn({ error }, 'the collateral of miners is not known, and is not looked at for this job');
      return null;
    }
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
