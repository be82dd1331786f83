import { Injectable } from '@nestjs/common';
import { Database } from '@horde/database';
import { Keypair, verifyHex } from '@horde/identity';
import { validatorAuthText, type ValidatorAuth } from '@horde/protocol';
import { MinerSettings } from '../settings.ts';
import { Validators } from '../directory/validators.ts';

/** How far an authentication's time may be from ours, before or after. @unit seconds */
const clockTolerance = 10;

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
    if (age > clockTolerance)
      return `The authentication is ${age} s old; at most ${clockTolerance} s are allowed.`;
    if (age < -clockTolerance) return `The authentication's time is ${-age} s ahead of this miner's clock.`;
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
    if (!validator.active) return `The validator ${hotkey} is not active.`;
    return (await this.use(auth)) ? null : 'This authentication has been used before.';
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
      [auth.signature.toLowerCase(), auth.timestamp + clockTolerance + 1, Date.now() / 1_000],
    );
    return used.length > 0;
  }
}
