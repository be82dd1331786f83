import { Inject, Injectable } from '@nestjs/common';
import type { Cycle } from '@horde/chain';
import { Database } from '@horde/database';
import { LOGGER, type Logger } from '@horde/operations';
import { In } from 'typeorm';
import { MainHotkey, make, withoutNuls } from '@horde/protocol';
import { askMiner } from '../miner/ask-miner.ts';
import { MinerClient, type MinerAddress } from '../miner/miner-client.ts';
import type { MainHotkeys } from '../scoring/coldkeys.ts';
import { MainHotkeyRow } from './main-hotkey.entity.ts';

/** As often as ComputeHorde's validators try to connect, and as long as they wait for the answer. */
const attempts = 2;
/** The connection included. @unit ms */
const patience = 10_000;

/** Learns which hotkey of each coldkey is the main one in a cycle: once, after that it stays so. */
@Injectable()
export class MainHotkeyBook {
  constructor(
    private readonly database: Database,
    private readonly client: MinerClient,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /**
   * The main hotkeys of a cycle and of the one before. Of a coldkey that is not known yet all miners are asked; the first
   * of them that says something counts.
   *
   * @param miners by coldkey, those that can be reached, by uid
   */
  async of(
    cycle: Cycle,
    miners: ReadonlyMap<string, readonly MinerAddress[]>,
  ): Promise<Map<string, MainHotkeys>> {
    const coldkeys = [...miners.keys()];
    const known = await this.stored(coldkeys, cycle.start);
    await Promise.all(
      coldkeys
        .filter((coldkey) => !known.has(coldkey))
        .map((coldkey) => this.learn(coldkey, cycle.start, miners.get(coldkey)!)),
    );
    const current = await this.stored(coldkeys, cycle.start);
    const previous = await this.stored(coldkeys, cycle.start - (cycle.end - cycle.start));
    return new Map(
      coldkeys.map((coldkey) => [
        coldkey,
        { current: current.get(coldkey) ?? null, previous: previous.get(coldkey) ?? null },
      ]),
    );
  }

  private async stored(coldkeys: string[], cycleStart: number): Promise<Map<string, string>> {
    const rows = await this.database.manager.findBy(MainHotkeyRow, {
      coldkey: In(coldkeys),
      cycle_start: cycleStart,
    });
    return new Map(rows.map(({ coldkey, hotkey }) => [coldkey, hotkey]));
  }

  private async learn(coldkey: string, cycleStart: number, miners: readonly MinerAddress[]): Promise<void> {
    const answers = await Promise.all(miners.map((miner) => this.ask(miner)));
    const first = answers.findIndex((answer) => answer !== null);
    if (first === -1)
      return this.logger.info({ coldkey }, 'no miner of the coldkey says which hotkey is its main one');
    // Another process may have been told something else first.
    await this.database.manager
      .createQueryBuilder()
      .insert()
      .into(MainHotkeyRow)
      .values({ coldkey, cycle_start: cycleStart, hotkey: answers[first]!, told_by: miners[first]!.hotkey })
      .orIgnore()
      .execute();
  }

  /** What a miner says is the main hotkey; null when it says nothing in time. Never rejects. */
  private async ask(miner: MinerAddress): Promise<string | null> {
    try {
      return await askMiner(this.client, miner, {
        attempts,
        limit: patience,
        message: make(MainHotkey, {}),
        answer: (message) => {
          if (message.message_type === 'V0MainHotkeyMessage') return storable(message.main_hotkey);
          return message.message_type === 'GenericError' ? null : undefined;
        },
      });
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.logger.debug({ miner: miner.hotkey }, `the miner did not tell its main hotkey: ${why}`);
      return null;
    }
  }
}

/** What a miner said; null: nothing. It need not be an address, and may be different from the one before all the same. */
const storable = (hotkey: string | null): string | null => (hotkey ? withoutNuls(hotkey) : null);
