import { validatorMessageNumbers } from '@horde/protocol';
import type { DurableEnd, Pending } from '@horde/transport';
import type { JobRequests } from '../jobs/job-requests.ts';
import type { DatabaseRetry } from '../database/database-retry.ts';
import type { ValidatorDelivery } from './validator-delivery.ts';
import type { ValidatorRates } from './validator-rates.ts';
import type { ValidatorSession } from './validator-session.ts';

/** Nothing follows it. */
const { V0JobFinishedReceiptRequest: lastNumber } = validatorMessageNumbers;

/** What comes over a `durable-1` connection of a validator. Before its authentication nothing is acknowledged. */
export class DurableValidator implements DurableEnd {
  constructor(
    private readonly session: ValidatorSession,
    private readonly receive: (text: string) => Promise<Pending | undefined>,
    private readonly delivery: ValidatorDelivery,
    private readonly requests: JobRequests,
    private readonly rates: ValidatorRates,
    private readonly retry: DatabaseRetry,
  ) {}

  isReady(): boolean {
    return this.session.authenticated;
  }

  /** Its number decides nothing: the job's row says whether a message has been there before. */
  onMessage(_job: string, _number: number, frame: string): Promise<Pending | undefined> {
    return this.receive(frame);
  }

  async onAcknowledged(job: string, number: number): Promise<void> {
    await this.rates.frame(this.session.hotkey);
    this.delivery.confirmed(this.session.hotkey, job, number);
  }

  async onResume(job: string, number: number): Promise<void> {
    const { session } = this;
    await this.rates.frame(session.hotkey);
    const received = await this.retry.run(() => this.requests.received(job, session.hotkey));
    if (received !== null && received < lastNumber) this.delivery.resume(session, job, number);
    await session.link?.resume(job, received ?? 0);
  }

  async onPlain(frame: string): Promise<void> {
    await this.receive(frame);
  }

  async onBadFrame(sentence: string): Promise<void> {
    const { session } = this;
    if (!session.authenticated) return;
    await this.rates.frame(session.hotkey);
    await session.sendError(sentence);
  }
}
