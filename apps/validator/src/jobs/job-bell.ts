import { Injectable } from '@nestjs/common';
import { Doorbell, type Transaction } from '@horde/database';

/** The doorbell's channel for jobs that a miner may be found for. */
const channel = 'jobs';

/** Tells all processes of the validator that there is something new for jobs that wait for a miner. */
@Injectable()
export class JobBell {
  constructor(private readonly doorbell: Doorbell) {}

  /** A job has come, a miner has got room, or more is known of what miners offer. */
  ring(tx: Transaction): void {
    this.doorbell.ring(tx, channel, '');
  }

  /** Returns a function that ends it. */
  on(listener: () => void): () => void {
    return this.doorbell.on(channel, listener);
  }
}
