import { Inject, Injectable } from '@nestjs/common';
import { pause, steadyNow } from '@horde/async';
import { LOGGER, type Logger } from '@horde/operations';
import { Router } from '../routing/router.ts';

/** How long miners that are just being asked what they offer are waited for. @unit ms */
const lookLimit = 10_000;
/** Of so many jobs it is remembered that there was a fresh look for them. */
const maxRemembered = 10_000;

/**
 * Before a job is rejected for what miners offer, the chain is read again and miners that are not known yet are waited
 * for, once.
 */
@Injectable()
export class FreshLook {
  /** Called whenever more may be known. */
  onNews: () => void = () => undefined;
  private readonly looks = new Map<string, 'looking' | 'done'>();

  constructor(
    private readonly router: Router,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  isDone(job: string): boolean {
    return this.looks.get(job) === 'done';
  }

  /** When a look that begins now is over at the latest. */
  until(now: Date): Date {
    return new Date(now.getTime() + lookLimit);
  }

  /** Looks, unless it does so already for this job. */
  begin(job: string): void {
    if (this.looks.has(job)) return;
    this.looks.set(job, 'looking');
    const [oldest] = this.looks.keys();
    if (this.looks.size > maxRemembered) this.looks.delete(oldest!);
    void this.look()
      .catch((error: unknown) => this.logger.error({ error }, 'the miners could not be looked at again'))
      .finally(() => {
        this.looks.set(job, 'done');
        this.onNews();
      });
  }

  private async look(): Promise<void> {
    const until = steadyNow() + lookLimit;
    const late = new AbortController();
    const limit = pause(lookLimit, late.signal).catch(() => 'that was all' as const);
    try {
      while (steadyNow() < until) {
        if ((await Promise.race([this.router.lookAgain(), limit])) !== 'more is known') return;
        this.onNews();
      }
    } finally {
      late.abort();
    }
  }
}
