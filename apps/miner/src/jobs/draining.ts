import { Injectable } from '@nestjs/common';
import { steadyNow } from '@horde/async';
import { Doorbell } from '@horde/database';

/** Of the doorbell: what is rung with is how many seconds from now no new job is taken; 0 ends it. */
export const drainChannel = 'drain';

/**
 * Whether the miner takes no new jobs for now, since `drain` waits for those that run. It is asked for again and again and is
 * stored nowhere: where that ends, or the miner is started anew, jobs are taken again by themselves.
 */
@Injectable()
export class Draining {
  private until = 0;

  constructor(private readonly doorbell: Doorbell) {
    doorbell.on(drainChannel, (seconds) => {
      if (seconds !== null) this.until = steadyNow() + Number(seconds) * 1000;
    });
  }

  get isOn(): boolean {
    return steadyNow() < this.until;
  }

  /** Calls `listener` when it may have begun, or ended. */
  onRing(listener: () => void): void {
    this.doorbell.on(drainChannel, listener);
  }
}
