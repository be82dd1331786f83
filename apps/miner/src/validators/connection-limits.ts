import { Injectable } from '@nestjs/common';
import type { Upgrade } from '@horde/transport';
import { peerAddress } from '../peer-address.ts';
import { MinerSettings } from '../settings.ts';
import type { ValidatorSession } from './validator-session.ts';

/** How many connections validators may have open. */
@Injectable()
export class ConnectionLimits {
  private readonly ofAddress = new Counts();
  private readonly unknownOfAddress = new Counts();
  private readonly ofValidator = new Counts();

  constructor(private readonly settings: MinerSettings) {}

  /** Whether one more connection is let in. */
  admits(upgrade: Upgrade): boolean {
    const address = peerAddress(upgrade);
    const { connectionsPerAddress, strangersPerAddress } = this.settings;
    return (
      this.ofAddress.of(address) < connectionsPerAddress &&
      this.unknownOfAddress.of(address) < strangersPerAddress
    );
  }

  /** Counts a connection that was let in, until it is closed. */
  opened(session: ValidatorSession): void {
    const { address, connection } = session;
    this.ofAddress.add(address, 1);
    this.unknownOfAddress.add(address, 1);
    void connection.closed.then(() => {
      this.ofAddress.add(address, -1);
      if (session.authenticated) this.ofValidator.add(session.hotkey, -1);
      else this.unknownOfAddress.add(address, -1);
    });
  }

  /** Makes a connection its validator's. Returns false, and changes nothing, when that has too many or it is closed. */
  authenticate(session: ValidatorSession): boolean {
    const { hotkey, address, connection } = session;
    if (!connection.isOpen || this.ofValidator.of(hotkey) >= this.settings.connectionsPerValidator)
      return false;
    session.authenticated = true;
    this.unknownOfAddress.add(address, -1);
    this.ofValidator.add(hotkey, 1);
    return true;
  }
}

/** How many there are of each name. */
class Counts {
  private readonly counts = new Map<string, number>();

  of(name: string): number {
    return this.counts.get(name) ?? 0;
  }

  add(name: string, number: 1 | -1): void {
    const count = this.of(name) + number;
    if (count === 0) this.counts.delete(name);
    else this.counts.set(name, count);
  }
}
