import { Inject, Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import { Database, Gathered, GatheredBell, JobFrames, PreparedStatement } from '@horde/database';
import { LOGGER, withLogContext, type Logger } from '@horde/operations';
import type { Extension } from '@horde/protocol';
import { DatabaseRetry } from '../database/database-retry.ts';
import type { FreshFrame, StoredFrame, ValidatorLink } from '../jobs/links.ts';
import { ByteBudget } from './byte-budget.ts';
import type { ValidatorSession } from './validator-session.ts';

/** How long a fresh connection may take to name its job before it counts as one that came back. @unit ms */
const timeToName = 500;
/** What a job's output may find waiting for its validator before it is dropped. @unit bytes */
const outputBehind = 256 * 1024;

/** Frames up to this size wait in memory for their turn; others are read then. @unit characters */
const maxFresh = 4 * 1024;
/** Frames up to this size are read together; each larger one when its turn has come. @unit bytes */
const maxSmall = 64 * 1024;
/** How much of a validator's larger frames is in memory at once, for all of its connections together. @unit bytes */
const maxLargeInMemory = 32 * 1024 * 1024;

/** A row of the outbox; the frame is null where it is large. */
interface UnsentFrame {
  id: string;
  size: number;
  frame: string | null;
}

const unsent = new PreparedStatement<UnsentFrame>(
  `select id, octet_length(frame) as size, case when octet_length(frame) <= $4 then frame end as frame
   from outbox where subject = $1 and peer = $2 and id > $3 order by id`,
);

const dropConfirmed = new PreparedStatement(
  `delete from outbox using unnest($1::text[], $2::text[], $3::bigint[]) as confirmed (hotkey, job, number)
   where subject = confirmed.job and peer = confirmed.hotkey and id <= confirmed.number`,
);

/** What a validator has of a job's messages. */
interface Confirmation {
  hotkey: string;
  job: string;
  number: number;
}

interface Delivery {
  session: ValidatorSession;
  /** Rises with each authentication. */
  order: number;
  /** It has named no job in its first moments. */
  cameBack: boolean;
  /** Job -> the last row of the outbox that this connection was sent. */
  sent: Map<string, string>;
  /** The jobs whose turn is still to come, and what there is of each; null: the outbox is to be read for it. */
  queued: Map<string, FreshFrame | null>;
  turn: Promise<void>;
  timer: NodeJS.Timeout | undefined;
}

/**
 * Brings what the outbox holds to the validators' connections. A job's messages go to the newest authenticated
 * connection that named it, and to later ones of the same hotkey that named no job: clients that lost their connection
 * and came back. They stay in the outbox until the job is settled, so that each such connection gets all of them, once.
 *
 * On `durable-1` the messages bear their numbers in the outbox, leave it when the validator has confirmed them, and go
 * only to the connection that asked for their job last.
 */
@Injectable()
export class ValidatorDelivery implements ValidatorLink, BeforeApplicationShutdown {
  private readonly deliveries = new Map<string, Set<Delivery>>();
  /** For each hotkey of `deliveries`: a validator that takes its frames slowly delays its own only. */
  private readonly largeFrames = new Map<string, ByteBudget>();
  private readonly confirmations: Gathered<Confirmation>;
  private authentications = 0;

  constructor(
    private readonly database: Database,
    private readonly frames: JobFrames,
    private readonly bell: GatheredBell,
    retry: DatabaseRetry,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.confirmations = new Gathered(
      (confirmed) => retry.run(() => this.dropConfirmed(confirmed)),
      // They stay until their jobs are settled.
      (error) => logger.error({ error }, 'messages that have arrived could not be taken from the outbox'),
    );
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.confirmations.handleNow();
  }

  /** The session has authenticated. */
  join(session: ValidatorSession): void {
    const timer = session.link
      ? undefined
      : setTimeout(() => void this.cameBack(delivery), timeToName).unref();
    const delivery: Delivery = {
      session,
      order: ++this.authentications,
      cameBack: false,
      sent: new Map(),
      queued: new Map(),
      turn: Promise.resolve(),
      timer,
    };
    const ofHotkey = this.deliveries.get(session.hotkey) ?? new Set();
    this.deliveries.set(session.hotkey, ofHotkey.add(delivery));
    this.bell.ring('validators');
    if (!this.largeFrames.has(session.hotkey))
      this.largeFrames.set(session.hotkey, new ByteBudget(maxLargeInMemory));
    void session.connection.closed.then(() => {
      clearTimeout(timer);
      ofHotkey.delete(delivery);
      if (ofHotkey.size === 0) {
        this.deliveries.delete(session.hotkey);
        this.largeFrames.delete(session.hotkey);
      }
      for (const job of session.named) this.ring(session.hotkey, job);
      this.bell.ring('validators');
    });
  }

  /**
   * The session's validator has named a job of its own on it.
   * @param first the job's first and so far only message, where that is known: the outbox need not be asked for it
   */
  name(session: ValidatorSession, job: string, first?: StoredFrame): void {
    session.hasNamed = true;
    session.named.add(job);
    if (session.link) this.takeFromOthers(session, job);
    // Nothing is before the first, and it is the first only where nothing was sent.
    for (const delivery of this.recipients(session.hotkey, job))
      this.deliver(delivery, job, first && !delivery.sent.has(job) ? { ...first, after: null } : null);
  }

  /** The session's validator has all of a job's messages up to this number, and waits for what follows. */
  resume(session: ValidatorSession, job: string, number: number): void {
    this.confirmed(session.hotkey, job, number);
    const sent = this.deliveryOf(session)?.sent;
    // Never backwards: what was sent on this connection is not read and sent again however often it is asked for.
    if (sent && number > Number(sent.get(job) ?? -1)) sent.set(job, String(number));
    this.name(session, job);
  }

  /** The validator has stored all of a job's messages up to this number. */
  confirmed(hotkey: string, job: string, number: number): void {
    this.confirmations.add({ hotkey, job, number });
  }

  /** Passes on what a job prints, to validators that want it and can keep up; it is stored nowhere. */
  passOutput(hotkey: string, job: string, frame: string): void {
    this.pass(hotkey, job, frame, 'logs-1');
  }

  /** As `passOutput`, how far a transfer is. */
  passProgress(hotkey: string, job: string, frame: string): void {
    this.pass(hotkey, job, frame, 'progress-1');
  }

  private pass(hotkey: string, job: string, frame: string, extension: Extension): void {
    for (const { session } of this.recipients(hotkey, job)) {
      const { connection } = session;
      if (connection.extensions.has(extension) && connection.unsent < outputBehind)
        void connection.sendText(frame);
    }
  }

  ringOutput(hotkey: string, job: string): void {
    for (const { session } of this.deliveries.get(hotkey) ?? []) session.output?.ring(job);
  }

  /** There may be something new about a job. */
  ring(hotkey: string, job: string, fresh: FreshFrame | null = null): void {
    for (const delivery of this.recipients(hotkey, job)) this.deliver(delivery, job, fresh);
  }

  /** The job is settled: nobody will ask for it again. */
  forget(hotkey: string, job: string): void {
    for (const { session, sent } of this.deliveries.get(hotkey) ?? []) {
      session.named.delete(job);
      sent.delete(job);
    }
  }

  /** The connections of validators, by hotkey. */
  connections(): Map<string, ValidatorSession[]> {
    return new Map(
      [...this.deliveries].map(([hotkey, all]) => [hotkey, [...all].map(({ session }) => session)]),
    );
  }

  /** The jobs that connections have named and that are not settled. */
  named(): string[] {
    return [...this.deliveries.values()].flatMap((ofHotkey) =>
      [...ofHotkey].flatMap(({ session }) => [...session.named]),
    );
  }

  private async dropConfirmed(confirmed: Confirmation[]): Promise<void> {
    await dropConfirmed.run(this.database.manager, [
      confirmed.map(({ hotkey }) => hotkey),
      confirmed.map(({ job }) => job),
      confirmed.map(({ number }) => number),
    ]);
  }

  /** A process of the validator that takes a job over may do so on a connection that is older than the other's. */
  private takeFromOthers(session: ValidatorSession, job: string): void {
    for (const { session: other } of this.deliveries.get(session.hotkey) ?? [])
      if (other !== session) other.named.delete(job);
  }

  private deliveryOf(session: ValidatorSession): Delivery | undefined {
    return [...(this.deliveries.get(session.hotkey) ?? [])].find((delivery) => delivery.session === session);
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
        if (this.recipients(session.hotkey, subject).includes(delivery))
          this.deliver(delivery, subject, null);
      }
    } catch (error) {
      this.failed(delivery, error);
    }
  }

  private deliver(delivery: Delivery, job: string, fresh: FreshFrame | null): void {
    const { queued, session } = delivery;
    if (queued.has(job)) return void queued.set(job, null);
    queued.set(job, fresh && fresh.frame.length <= maxFresh ? fresh : null);
    delivery.turn = delivery.turn
      .then(() => {
        const known = queued.get(job) ?? null;
        queued.delete(job);
        return withLogContext({ job, validator: session.hotkey }, () => this.send(delivery, job, known));
      })
      .catch((error: unknown) => this.failed(delivery, error));
  }

  private async send(delivery: Delivery, job: string, fresh: FreshFrame | null): Promise<void> {
    const { session, sent } = delivery;
    if (!session.connection.isOpen) return;
    const before = sent.get(job) ?? '0';
    const rows =
      fresh && follows(fresh, before)
        ? [{ ...fresh, size: fresh.frame.length }]
        : await this.unsent(session.hotkey, job, before);
    for (const row of rows) {
      const { id, frame } = row;
      const sending =
        frame === null ? this.sendLarge(session, job, row) : this.sendFrame(session, job, id, frame);
      if (!(await sending)) return;
      sent.set(job, id);
    }
  }

  private sendFrame(session: ValidatorSession, job: string, id: string, text: string): Promise<boolean> {
    this.frames.note({ peer: 'validator', who: session.hotkey, job, isSent: true, text });
    return session.deliver(job, Number(id), text);
  }

  private async sendLarge(
    session: ValidatorSession,
    job: string,
    { id, size }: UnsentFrame,
  ): Promise<boolean> {
    const budget = this.largeFrames.get(session.hotkey);
    if (!budget) return false; // its last connection is gone
    return budget.run(size, async () => {
      if (!session.connection.isOpen) return false;
      const [row] = await this.database.manager.query<{ frame: string }[]>(
        'select frame from outbox where id = $1',
        [id],
      );
      // One that has left the outbox meanwhile is not missed.
      return row ? this.sendFrame(session, job, id, row.frame) : true;
    });
  }

  private unsent(hotkey: string, job: string, after: string): Promise<UnsentFrame[]> {
    return unsent.run(this.database.manager, [job, hotkey, after, maxSmall]);
  }

  /** Cut, the validator connects again and gets everything; left open, it would miss this for ever. */
  private failed({ session }: Delivery, error: unknown): void {
    if (!session.connection.isOpen) return;
    this.logger.error({ error, validator: session.hotkey }, 'messages could not be read from the outbox');
    session.connection.close(1011, 'internal error');
  }
}

/** Whether it is all that a connection lacks that has everything up to `sent`. */
const follows = ({ id, after }: FreshFrame, sent: string): boolean =>
  BigInt(after ?? 0) <= BigInt(sent) && BigInt(sent) < BigInt(id);
