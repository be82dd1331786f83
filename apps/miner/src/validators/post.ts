import { Inject, Injectable } from '@nestjs/common';
import { Database } from '@horde/database';
import { withLogContext, type Logger } from '@horde/operations';
import { LOGGER } from '../ports.ts';
import type { ValidatorSession } from './validator-session.ts';

/** How long a fresh connection may take to name its job before it counts as one that came back. @unit ms */
const timeToName = 500;

interface Delivery {
  session: ValidatorSession;
  /** Rises with each authentication. */
  order: number;
  /** It has named no job in its first moments. */
  cameBack: boolean;
  /** Job -> the last row of the outbox that this connection was sent. */
  sent: Map<string, string>;
  turn: Promise<void>;
  timer: NodeJS.Timeout;
}

/**
 * Brings what the outbox holds to the validators' connections. A job's messages go to the newest authenticated
 * connection that named it, and to later ones of the same hotkey that named no job: clients that lost their connection
 * and came back. They stay in the outbox until the job is settled, so that each such connection gets all of them, once.
 */
@Injectable()
export class Post {
  private readonly deliveries = new Map<string, Set<Delivery>>();
  private authentications = 0;

  constructor(
    private readonly database: Database,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** The session has authenticated. */
  join(session: ValidatorSession): void {
    const timer = setTimeout(() => void this.cameBack(delivery), timeToName).unref();
    const delivery: Delivery = {
      session,
      order: ++this.authentications,
      cameBack: false,
      sent: new Map(),
      turn: Promise.resolve(),
      timer,
    };
    const ofHotkey = this.deliveries.get(session.hotkey) ?? new Set();
    this.deliveries.set(session.hotkey, ofHotkey.add(delivery));
    void session.connection.closed.then(() => {
      clearTimeout(timer);
      ofHotkey.delete(delivery);
      if (ofHotkey.size === 0) this.deliveries.delete(session.hotkey);
      for (const job of session.named) this.ring(session.hotkey, job);
    });
  }

  /** The session's validator has named a job of its own on it. */
  name(session: ValidatorSession, job: string): void {
    session.hasNamed = true;
    session.named.add(job);
    this.ring(session.hotkey, job);
  }

  /** There may be something new about a job. */
  ring(hotkey: string, job: string): void {
    for (const delivery of this.recipients(hotkey, job)) this.deliver(delivery, job);
  }

  /** The job is settled: nobody will ask for it again. */
  forget(hotkey: string, job: string): void {
    for (const { session, sent } of this.deliveries.get(hotkey) ?? []) {
      session.named.delete(job);
      sent.delete(job);
    }
  }

  private recipients(hotkey: string, job: string): Delivery[] {
    const ofHotkey = [...(this.deliveries.get(hotkey) ?? [])];
    const owner = ofHotkey.filter(({ session }) => session.named.has(job)).at(-1);
    const cameBack = ofHotkey.filter((delivery) => delivery.cameBack && !delivery.session.hasNamed);
    if (!owner) return cameBack;
    return [owner, ...cameBack.filter(({ order }) => order > owner.order)];
  }

  private async cameBack(delivery: Delivery): Promise<void> {
    const { session } = delivery;
    if (session.hasNamed || !session.connection.isOpen) return;
    delivery.cameBack = true;
    try {
      const jobs = await this.database.manager.query<{ subject: string }[]>(
        'select subject from outbox where peer = $1 group by subject order by min(id)',
        [session.hotkey],
      );
      for (const { subject } of jobs) {
        if (this.recipients(session.hotkey, subject).includes(delivery)) this.deliver(delivery, subject);
      }
    } catch (error) {
      this.failed(delivery, error);
    }
  }

  private deliver(delivery: Delivery, job: string): void {
    delivery.turn = delivery.turn
      .then(() => withLogContext({ job, peer: delivery.session.hotkey }, () => this.send(delivery, job)))
      .catch((error: unknown) => this.failed(delivery, error));
  }

  private async send(delivery: Delivery, job: string): Promise<void> {
    const { session, sent } = delivery;
    if (!session.connection.isOpen) return;
    const rows = await this.database.manager.query<{ id: string; type: string; frame: string }[]>(
      'select id, type, frame from outbox where subject = $1 and peer = $2 and id > $3 order by id',
      [job, session.hotkey, sent.get(job) ?? '0'],
    );
    for (const { id, type, frame } of rows) {
      if (!(await session.connection.sendText(frame))) return;
      sent.set(job, id);
      this.logger.debug(`sent ${type}`);
    }
  }

  /** Cut, the validator connects again and gets everything; left open, it would miss this for ever. */
  private failed({ session }: Delivery, error: unknown): void {
    if (!session.connection.isOpen) return;
    this.logger.error({ error, peer: session.hotkey }, 'messages could not be read from the outbox');
    session.connection.close(1011, 'internal error');
  }
}
