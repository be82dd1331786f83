import { Inject, Injectable } from '@nestjs/common';
import { CHAIN, type Chain } from '@horde/chain';
import { Database } from '@horde/database';

/** An answer of the chain that is younger is the newest one: blocks come every 12 s. @unit ms */
const blockTime = 12_000;

/**
 * The hotkeys that the chain has had a neuron for within the time that receipts are kept. One that has left the subnet
 * may have receipts that count.
 */
@Injectable()
export class RegisteredHotkeys {
  private hotkeys: Promise<ReadonlySet<string>> | null = null;
  private askedAt = -Infinity;

  constructor(
    @Inject(CHAIN) private readonly chain: Chain,
    private readonly database: Database,
  ) {}

  /**
   * Those hotkeys that are, or were, registered; the chain is asked first when one of these is not known.
   *
   * @throws ChainError when it cannot be asked
   */
  async including(wanted: readonly string[]): Promise<ReadonlySet<string>> {
    const known = await (this.hotkeys ??= this.stored());
    if (wanted.every((hotkey) => known.has(hotkey))) return known;
    if (performance.now() - this.askedAt >= blockTime) void this.refresh().catch(() => undefined);
    return this.hotkeys ?? known;
  }

  /** Asks the chain. @throws ChainError when it cannot be asked */
  async refresh(): Promise<void> {
    this.askedAt = performance.now();
    const asked = (this.hotkeys = this.ask());
    try {
      await asked;
    } catch (error) {
      // The next one asks again: a receipt is not left out because the chain was away.
      this.hotkeys = null;
      this.askedAt = -Infinity;
      throw error;
    }
  }

  private async ask(): Promise<ReadonlySet<string>> {
    const { neurons } = await this.chain.neurons();
    await this.database.manager.query(
      `insert into registered_hotkey (hotkey, validator_stake) select * from unnest($1::text[], $2::float8[])
       on conflict (hotkey) do update set seen_at = now(), validator_stake = excluded.validator_stake
       where registered_hotkey.seen_at < now() - interval '1 hour'
         or registered_hotkey.validator_stake <> excluded.validator_stake`,
      [
        neurons.map(({ hotkey }) => hotkey),
        neurons.map(({ validatorPermit, totalStake }) => (validatorPermit ? totalStake : 0)),
      ],
    );
    await this.database.manager.query(
      `delete from registered_hotkey where seen_at < now() - interval '2 days'`,
    );
    return this.stored();
  }

  private async stored(): Promise<ReadonlySet<string>> {
    const rows = await this.database.manager.query<{ hotkey: string }[]>(
      'select hotkey from registered_hotkey',
    );
    return new Set(rows.map(({ hotkey }) => hotkey));
  }
}
