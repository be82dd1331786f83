import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import { CHAIN, cycleNumber, type Chain } from '@horde/chain';
import type { ExecutorManager } from '@horde/executor-manager';
import { Keypair } from '@horde/identity';
import { LOGGER, type Logger } from '@horde/operations';
import { EXECUTOR_MANAGER } from '../tokens.ts';
import { MinerSettings } from '../settings.ts';

/** The pauses between the attempts to learn the newest block, as in ComputeHorde. @unit ms */
const pauses = [200, 400];
/** How long all attempts may take: validators wait 10 s for the answer. @unit ms */
const patience = 7_000;
/** How long a block counts as the newest: about as long as it is. @unit ms */
const blockLife = 12_000;

/** Says which hotkey of its operator's is the main one, when a validator asks. */
@Injectable()
export class MainHotkeys {
  private newest: { block: Promise<number | null>; until: number } = {
    block: Promise.resolve(null),
    until: 0,
  };

  constructor(
    private readonly keypair: Keypair,
    private readonly settings: MinerSettings,
    @Inject(CHAIN) private readonly chain: Chain,
    @Inject(EXECUTOR_MANAGER) private readonly manager: ExecutorManager,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /**
   * The executor manager's choice if it makes one, else ComputeHorde's rule: in each cycle another one of
   * HOTKEYS_FOR_MAIN_HOTKEY_SELECTION; the miner's own when there are none or the chain does not answer.
   */
  async current(): Promise<string> {
    return (await this.ofManager()) ?? (await this.ofCycle()) ?? this.keypair.address;
  }

  private async ofManager(): Promise<string | null> {
    try {
      return (await this.manager.mainHotkey?.()) ?? null;
    } catch (error) {
      this.logger.warn({ error }, 'the executor manager could not say what the main hotkey is');
      return null;
    }
  }

  private async ofCycle(): Promise<string | null> {
    const { mainHotkeys, netuid } = this.settings;
    if (mainHotkeys.length === 0) return null;
    const block = await this.newestBlock();
    return block === null ? null : mainHotkeys[cycleNumber(block, netuid) % mainHotkeys.length]!;
  }

  /** However many validators ask at once, the chain is asked once. */
  private newestBlock(): Promise<number | null> {
    if (performance.now() >= this.newest.until) {
      const block = this.askChain();
      this.newest = { block, until: Infinity };
      void block.then((number) => {
        this.newest.until = number === null ? 0 : performance.now() + blockLife;
      });
    }
    return this.newest.block;
  }

  private async askChain(): Promise<number | null> {
    const over = new AbortController();
    const late = sleep(patience, null, { signal: over.signal, ref: false }).catch(() => null);
    try {
      return await Promise.race([this.attempts(over.signal), late]);
    } finally {
      over.abort();
    }
  }

  private async attempts(over: AbortSignal): Promise<number | null> {
    for (const pause of [...pauses, null]) {
      try {
        return (await this.chain.latestBlock()).number;
      } catch (error) {
        this.logger.warn({ error }, 'the newest block could not be read from the chain');
      }
      if (pause === null || over.aborted) break;
      await sleep(pause, undefined, { ref: false });
    }
    return null;
  }
}
