import {
  HttpException,
  Inject,
  Injectable,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { Doorbell } from '@horde/database';
import { LOGGER, LogThrottle, repeat, type Logger } from '@horde/operations';
import type { Request, Response } from 'express';
import type { Session } from '../accounts/sessions.ts';
import { CurrentSession } from '../http/current-session.ts';
import { PanelOptions } from '../options.ts';

/** What rings in all services that have a panel. */
const common = { 'dynamic-config': ['configuration'] };
/** Readers are told at most so often. @unit ms */
const rest = 1_000;
/** And of a resource at most so often, where it reckons over many rows. @unit ms */
const restOf: Record<string, number> = {
  overview: 5_000,
  validators: 5_000,
  miners: 5_000,
  whitelist: 5_000,
};
/** How often a stream on which nothing happens gives a sign of life, and its reader's login is looked at. @unit ms */
const pulse = 15_000;
/** So many streams one account may have open at a process. */
const maxStreams = 30;
/** One whose reader has left so much untaken is cut. @unit bytes */
const maxUntaken = 65_536;

interface LiveStream {
  account: string;
  request: Request;
  response: Response;
}

/** Tells the open pages of the panel which of its resources have changed, and nothing else: they ask again. */
@Injectable()
export class LiveStreams implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly streams = new Set<LiveStream>();
  private readonly changed = new Set<string>();
  /** When readers were told of a resource last. @unit ms, by `performance.now()` */
  private readonly toldAt = new Map<string, number>();
  private isResting = false;
  private readonly throttle = new LogThrottle();
  private ends: (() => void)[] = [];

  constructor(
    private readonly options: PanelOptions,
    private readonly doorbell: Doorbell,
    private readonly current: CurrentSession,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    const rings = Object.entries({ ...common, ...this.options.api.live });
    this.ends = [
      ...rings.map(([channel, resources]) => this.doorbell.on(channel, () => this.note(resources))),
      repeat(
        () => this.tell(':\n\n'),
        pulse,
        (error) => {
          if (this.throttle.allows(''))
            this.logger.warn({ error }, 'the panel’s open pages could not be told');
        },
      ),
    ];
  }

  beforeApplicationShutdown(): void {
    for (const end of this.ends) end();
    for (const { response } of this.streams) response.end();
  }

  /** @throws HttpException 429 */
  open({ name: account }: Session, request: Request, response: Response): void {
    if ([...this.streams].filter((one) => one.account === account).length >= maxStreams)
      throw new HttpException(`The account ${account} has ${maxStreams} pages open: close one.`, 429);
    const stream = { account, request, response };
    this.streams.add(stream);
    response.once('close', () => this.streams.delete(stream));
    response.writeHead(200, {
      'content-type': 'text/event-stream',
      'x-accel-buffering': 'no', // nginx would keep events back
    });
    response.write(':\n\n');
  }

  private note(resources: readonly string[]): void {
    if (this.streams.size === 0) return;
    for (const resource of resources) this.changed.add(resource);
    if (!this.isResting) this.tellChanges();
  }

  private tellChanges(): void {
    const now = performance.now();
    const due = [...this.changed].filter(
      (resource) => (this.toldAt.get(resource) ?? -Infinity) + (restOf[resource] ?? 0) <= now,
    );
    for (const resource of due) {
      this.changed.delete(resource);
      this.toldAt.set(resource, now);
    }
    this.isResting = true;
    setTimeout(() => {
      this.isResting = false;
      if (this.changed.size > 0) this.tellChanges();
    }, rest).unref();
    if (due.length > 0) void this.tell(`event: changed\ndata: ${JSON.stringify(due)}\n\n`);
  }

  /** Writes to all whose login still counts, and ends the streams of the others. */
  private async tell(text: string): Promise<void> {
    await Promise.all(
      [...this.streams].map(async ({ request, response }) => {
        const session = await this.current.of(request, false).catch(() => null);
        if (response.closed || response.writableEnded) return;
        if (!session || session.mustChangePassword) response.end();
        else if (response.writableLength > maxUntaken) response.destroy();
        else response.write(text);
      }),
    );
  }
}
