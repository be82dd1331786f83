import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Database } from '@horde/database';
import { LOGGER, LogThrottle, repeat, type Logger } from '@horde/operations';
import { errors } from '@horde/protocol';
import { comeAgain } from '@horde/rest';
import { FacilitatorSettings } from '../settings.ts';

/** How often the replicas tell each other what they have counted. @unit ms */
const interval = 1_000;
/** @unit ms */
const minute = 60_000;
/** Of how many addresses and hotkeys is counted in a minute: of further ones it is not. */
const maxSubjects = 50_000;

interface Count {
  /** What is known of all replicas together, this one's untold part left out. */
  told: number;
  untold: number;
}

/**
 * How often somebody may log in and ask in a minute, at all replicas together. No request waits for the others' counts, or
 * writes: each replica adds its own to the table once a second, while it has some, and learns theirs by that.
 */
@Injectable()
export class RateLimits implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly throttle = new LogThrottle();
  /** Since when these counts are: unix time, in minutes. */
  private minute = 0;
  private counts = new Map<string, Count>();
  private stop = () => {};

  constructor(
    private readonly database: Database,
    private readonly settings: FacilitatorSettings,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.stop = repeat(
      () => this.share(),
      interval,
      (error) => {
        if (this.throttle.allows('share'))
          this.logger.warn({ error }, 'the replicas could not share their counts');
      },
    );
  }

  onApplicationShutdown(): void {
    this.stop();
  }

  /** @param address what the login comes from @throws Refusal 429 */
  login(address: string): void {
    this.take(`login from ${address}`, this.settings.maxLoginsPerAddress, (limit, wait) =>
      errors.TOO_MANY_LOGINS(limit, address, wait),
    );
  }

  /** Call with a hotkey that has signed: nobody else can use its logins up. @throws Refusal 429 */
  loginOf(hotkey: string): void {
    this.take(`login of ${hotkey}`, this.settings.maxLoginsPerHotkey, (limit, wait) =>
      errors.TOO_MANY_LOGINS(limit, hotkey, wait),
    );
  }

  /** @param hotkey that is logged in @throws Refusal 429 */
  request(hotkey: string): void {
    this.take(`request of ${hotkey}`, this.settings.maxRequestsPerMinute, (limit, wait) =>
      errors.TOO_MANY_REQUESTS(limit, wait),
    );
  }

  private take(
    subject: string,
    limit: number,
    error: (limit: number, wait: number) => ReturnType<typeof errors.TOO_MANY_REQUESTS>,
  ): void {
    if (limit === 0) return;
    const now = Date.now();
    const current = Math.floor(now / minute);
    if (current !== this.minute) {
      this.minute = current;
      this.counts = new Map();
    }
    const count = this.counts.get(subject) ?? { told: 0, untold: 0 };
    if (count.told + count.untold >= limit) {
      const wait = Math.ceil(((current + 1) * minute - now) / 1_000);
      throw comeAgain(error(limit, wait), wait);
    }
    count.untold++;
    if (this.counts.size < maxSubjects) this.counts.set(subject, count);
  }

  private async share(): Promise<void> {
    const { minute, counts } = this;
    const mine = [...counts]
      .filter(([, { untold }]) => untold > 0)
      .map(([subject, { untold }]) => ({ subject, untold }));
    if (mine.length === 0) return;
    const all = await this.database.manager.query<{ subject: string; count: number }[]>(
      `with old as (delete from request_count where minute < $1 - 1)
       insert into request_count as known (minute, subject, count)
       select $1, subject, count from unnest($2::text[], $3::integer[]) as mine (subject, count) order by subject
       on conflict (minute, subject) do update set count = known.count + excluded.count
       returning subject, count`,
      [minute, mine.map(({ subject }) => subject), mine.map(({ untold }) => untold)],
    );
    const totals = new Map(all.map(({ subject, count }) => [subject, count]));
    for (const { subject, untold } of mine) {
      const count = counts.get(subject)!;
      count.told = totals.get(subject)!;
      count.untold -= untold;
    }
  }
}
