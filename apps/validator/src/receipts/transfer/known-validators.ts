import { Inject, Injectable } from '@nestjs/common';
import { CHAIN, type Chain } from '@horde/chain';
import { Database } from '@horde/database';

/** An answer of the chain that is younger is the newest one: blocks come every 12 s. @unit ms */
const blockTime = 12_000;

/**
 * The hotkeys that the chain has let validate within the time that receipts are kept. One that may no longer has receipts
 * that count; others have none: miners do no jobs for them, and their receipts would only fill the database.
 */
@Injectable()
export class KnownValidators {
  private known: Promise<ReadonlySet<string>> | null = null;
  private askedAt = -Infinity;

  constructor(
    @Inject(CHAIN) private readonly chain: Chain,
    private readonly database: Database,
  ) {}

  /**
   * Those hotkeys; the chain is asked first when one of these is not among them.
   *
   * @throws ChainError when it cannot be asked
   */
  async including(wanted: readonly string[]): Promise<ReadonlySet<string>> {
    const known = await (this.known ??= this.stored());
    if (wanted.every((hotkey) => known.has(hotkey))) return known;
    if (performance.now() - this.askedAt >= blockTime) void this.refresh().catch(() => undefined);
    return this.known ?? known;
  }

  /** Asks the chain. @throws ChainError when it cannot be asked */
  async refresh(): Promise<void> {
    this.askedAt = performance.now();
    const asked = (this.known = this.ask());
    try {
      await asked;
    } catch (error) {
      // The next one asks again: a receipt is not left out because the chain was away.
      this.known = null;
      this.askedAt = -Infinity;
      throw error;
    }
  }

  private async ask(): Promise<ReadonlySet<string>> {
    const { validators } = await this.chain.validators();
    const hotkeys = validators.map(({ hotkey }) => hotkey);
    await this.database.transaction(async ({ manager }) => {
      await manager.query(
        `insert into known_validator (hotkey, stake) select * from unnest($1::text[], $2::float8[])
         on conflict (hotkey) do update set seen_at = now(), stake = excluded.stake
         where known_validator.seen_at < now() - interval '1 hour' or known_validator.stake <> excluded.stake`,
        [hotkeys, validators.map(({ totalStake }) => totalStake)],
      );
      await manager.query('update known_validator set stake = 0 where stake <> 0 and hotkey <> all ($1)', [
        hotkeys,
      ]);
      await manager.query(`delete from known_validator where seen_at < now() - interval '2 days'`);
    });
    return this.stored();
  }

  private async stored(): Promise<ReadonlySet<string>> {
    const rows = await this.database.manager.query<{ hotkey: string }[]>(
      'select hotkey from known_validator',
    );
    return new Set(rows.map(({ hotkey }) => hotkey));
  }
}
