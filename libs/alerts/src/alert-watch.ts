import {
  Inject,
  Injectable,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { doublingPause } from '@horde/async';
import { Database, Lease } from '@horde/database';
import { ServiceMetrics } from '@horde/metrics';
import { LOGGER, repeat, type Logger } from '@horde/operations';
import { messageOf, saysOf, type AlertMessage } from './alert-message.ts';
import { stepOf } from './alert-rules.ts';
import { AlertStore } from './alert-store.ts';
import { AlertReceivers, channelsOf, type AlertChannel } from './channels.ts';
import { offending, type Condition } from './condition.ts';

/** How often the conditions are looked at. @unit ms */
const interval = 60_000;
/** A process that has ended is followed by another one after so long. @unit ms */
const leaseTerm = 150_000;
/** Before a receiver is tried again that did not take a message. @unit ms */
const retryPauses = { first: interval, max: 3_600_000 };

/** What a service has to say about itself. */
export class AlertOptions {
  service!: string;
  conditions!: readonly Condition[];
}

/**
 * Looks at what needs a person, and tells the operator's receivers: for those who have no Prometheus. Of several processes
 * one does it at a time; while the database is away, which is told too, each.
 */
@Injectable()
export class AlertWatch implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly channels: AlertChannel[];
  private readonly lease: Lease;
  private readonly failures = new Map<string, { count: number; again: number }>();
  private stop: () => void = () => undefined;
  private looking: Promise<void> = Promise.resolve();

  constructor(
    private readonly options: AlertOptions,
    private readonly metrics: ServiceMetrics,
    private readonly store: AlertStore,
    receivers: AlertReceivers,
    database: Database,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.channels = channelsOf(receivers);
    this.lease = new Lease(database, 'alerts', { term: leaseTerm });
  }

  onApplicationBootstrap(): void {
    if (this.channels.length === 0) return;
    this.stop = repeat(
      () => (this.looking = this.look(Date.now())),
      interval,
      (error) => this.logger.error({ error }, 'what needs a person could not be looked at'),
    );
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stop();
    await this.looking.catch(() => undefined);
    if (this.channels.length > 0) await this.lease.leave().catch(() => undefined);
  }

  /** Looks at all conditions once, and tells what is to be told. */
  async look(now: number): Promise<void> {
    if (!(await this.lease.take().catch(() => true))) return;
    await this.store.load().catch(() => undefined);
    for (const condition of this.options.conditions) await this.lookAt(condition, now);
  }

  private async lookAt(condition: Condition, now: number): Promise<void> {
    const { name, metric } = condition;
    if (now < (this.failures.get(name)?.again ?? 0)) return;
    const before = this.store.of(name);
    const read = await this.metrics.getSingleMetric(metric)?.get();
    const samples = offending(condition, read?.values ?? []);
    const { tell, since, next } = stepOf(condition, samples.length > 0, before, now);
    // Stored before it is told: a process that ends in between has it told once at most.
    if (JSON.stringify(next) !== JSON.stringify(before)) await this.store.save(name, next);
    if (tell === null) return;
    const { service } = this.options;
    const says = saysOf(condition.says, samples, this.metrics.unitOf(metric));
    const message = messageOf({ service, condition: { ...condition, says }, status: tell, since, now });
    if (await this.tell(message)) return void this.failures.delete(name);
    const count = (this.failures.get(name)?.count ?? 0) + 1;
    this.failures.set(name, { count, again: now + doublingPause(count, retryPauses) });
    await this.store.save(name, { ...before, since: next.since === null ? before.since : since });
  }

  /** @returns whether anybody was told */
  private async tell(message: AlertMessage): Promise<boolean> {
    const told = await Promise.all(
      this.channels.map(async ({ name, send }) => {
        try {
          await send(message);
          return true;
        } catch (error) {
          const { message: why } = error as Error;
          this.logger.warn({ alert: message.alert }, `${name} could not be told of an alert. ${why}`);
          return false;
        }
      }),
    );
    return told.includes(true);
  }
}
