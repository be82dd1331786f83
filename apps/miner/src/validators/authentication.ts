import { Injectable } from '@nestjs/common';
import { Database } from '@horde/database';
import { Keypair, verifyHex } from '@horde/identity';
import { peerClocks } from '@horde/network';
import { authTolerance, validatorAuthText, type ValidatorAuth } from '@horde/protocol';
import { MinerSettings } from '../settings.ts';
import { Validators } from '../directory/validators.ts';

/** Decides whether a connection belongs to the validator that it says it is of. */
@Injectable()
export class Authentication {
  constructor(
    private readonly database: Database,
    private readonly validators: Validators,
    private readonly keypair: Keypair,
    private readonly settings: MinerSettings,
  ) {}

  /**
   * Why the authentication is refused, as a sentence for the peer; null when it is good. A good one is used up.
   * @param hotkey the hotkey of the connection's path
   */
  async refusal(auth: ValidatorAuth, hotkey: string): Promise<string | null> {
    if (this.settings.debugTurnAuthenticationOff) return null;
    const age = Math.floor(Date.now() / 1000) - auth.timestamp;
    const stranger = await this.strangeness(auth, hotkey);
    if (stranger === null)
      peerClocks.note(`validator ${hotkey}`, auth.timestamp * 1_000, { canBeRepeated: true });
    if (age > authTolerance)
      return `The authentication is ${age} s old; at most ${authTolerance} s are allowed.`;
    if (age < -authTolerance) return `The authentication's time is ${-age} s ahead of this miner's clock.`;
    if (stranger !== null) return stranger;
    return (await this.use(auth)) ? null : 'This authentication has been used before.';
  }

  /** Why it is not one of a validator of this miner's, whatever its time is; null: it is. */
  private async strangeness(auth: ValidatorAuth, hotkey: string): Promise<string | null> {
    // A trusted miner is addressed by a placeholder, not by its hotkey.
    if (!this.settings.isLocalMiner && auth.miner_hotkey !== this.keypair.address) {
      return `The authentication is for the miner ${auth.miner_hotkey}; this one is ${this.keypair.address}.`;
    }
    if (auth.validator_hotkey !== hotkey) {
      return `The authentication is of ${auth.validator_hotkey}, but the connection's path names ${hotkey}.`;
    }
    if (!verifyHex(validatorAuthText(auth), auth.signature, hotkey)) {
      return 'The signature of the authentication is not valid.';
    }
    const validator = await this.validators.find(hotkey);
    if (!validator) return `This miner knows no validator ${hotkey}.`;
    return validator.active ? null : `The validator ${hotkey} is not active.`;
  }

  /**
   * Notes that a signature was used, for as long as its time would let it pass, by the clock that decides that: the
   * database's may be ahead. False when it already was.
   */
  private async use(auth: ValidatorAuth): Promise<boolean> {
    const used = await this.database.manager.query<unknown[]>(
      `with outdated as (delete from used_authentication where expires_at < to_timestamp($3))
       insert into used_authentication (signature, expires_at) values ($1, to_timestamp($2))
       on conflict do nothing returning 1`,
      [auth.signature.toLowerCase(), auth.timestamp + authTolerance + 1, Date.now() / 1_000],
    );
    return used.length > 0;
  }
}
