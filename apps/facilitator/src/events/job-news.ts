import { Injectable } from '@nestjs/common';
import { Doorbell, type Transaction } from '@horde/database';

/** The doorbell's channel for jobs that have new events; the payload is the job's uuid. */
const channel = 'job-events';

/** Tells all replicas that a job has new events. */
@Injectable()
export class JobNews {
  constructor(private readonly doorbell: Doorbell) {}

  /** Whatever stores an event of a job calls this in the same transaction. @param job its uuid as Postgres writes it */
  ring(tx: Transaction, job: string): void {
    this.doorbell.ring(tx, channel, job);
  }

  /** @param listener is given the job's uuid; null: any may have news. @returns a function that ends it */
  on(listener: (job: string | null) => void): () => void {
    return this.doorbell.on(channel, listener);
  }
}
