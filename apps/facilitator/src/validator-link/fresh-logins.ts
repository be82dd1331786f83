import { Injectable } from '@nestjs/common';
import { verifyHex } from '@horde/identity';
import { freshLoginText, loginTolerance, type FreshLogin } from '@horde/protocol';
import { Nonces } from '../auth/nonces.ts';
import { FacilitatorSettings } from '../settings.ts';

/** Logins of validators that speak `login-1`: each counts once, for a moment, and at the facilitator that it is for. */
@Injectable()
export class FreshLogins {
  constructor(
    private readonly nonces: Nonces,
    private readonly settings: FacilitatorSettings,
  ) {}

  /** Why a login does not count, in a sentence; null: it does, and not a second time. */
  async problem(login: FreshLogin): Promise<string | null> {
    const { hotkey, facilitator, timestamp_ns: timestamp, signature } = login;
    const { publicHosts } = this.settings;
    if (publicHosts.length > 0 && !publicHosts.includes(facilitator))
      return `The login is for a facilitator at ${facilitator}: that is none of PUBLIC_HOSTS.`;
    const age = Number(BigInt(Date.now()) * 1_000_000n - timestamp) / 1e9;
    if (Math.abs(age) > loginTolerance)
      return `The login is ${Math.round(age)} seconds old: the clocks have to agree within ${loginTolerance} seconds.`;
    if (!verifyHex(freshLoginText(login), signature, hotkey))
      return 'The signature has to be over the text that login-1 describes.';
    return (await this.nonces.use(freshLoginText(login), 2 * loginTolerance))
      ? null
      : 'The login has been used before.';
  }
}
