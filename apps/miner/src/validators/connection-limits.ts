import { Injectable } from '@nestjs/common';
import { Counts, type Upgrade } from '@horde/transport';
import { MinerSettings } from '../settings.ts';
import type { ValidatorSession } from './validator-session.ts';

/** How many connections validators may have open. */
@Injectable()
export class ConnectionLimits {
  private readonly ofAddress = new Counts();
  private readonly ofValidator = new Counts();

  constructor(private readonly settings: MinerSettings) {}

  /** Whether one more connection is let in. */
  admits(upgrade: Upgrade): boolean {
    return this.ofAddress.of(upgrade.remoteAddress) < this.settings.connectionsPerAddress;
  }

  /** Counts a connection that was let in, until it is closed. */
  opened(session: ValidatorSession): void {
    const { address, connection } = session;
    this.ofAddress.add(address, 1);
    void connection.closed.then(() => {
      this.ofAddress.add(address, -1);
      if (session.authenticated) this.ofValidator.add(session.hotkey, -1);
    });
  }

  /** Makes a connection its validator's. Returns false, and changes nothing, when that has too many or it is closed. */
  authenticate(session: ValidatorSession): boolean {
    const { hotkey, connection } = session;
    if (!connection.isOpen || this.ofValidator.of(hotkey) >= this.settings.connectionsPerValidator)
      return false;
    session.authenticated = true;
    this.ofValidator.add(hotkey, 1);
    return true;
  }
}
