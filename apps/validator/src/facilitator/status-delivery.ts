import { Gathered, OutboxDrain, type Outbox, type OutboxMessage } from '@horde/database';
import type { Logger } from '@horde/operations';
import type { Response } from '@horde/protocol';
import type { Connection, DurableLink } from '@horde/transport';
import { withoutWhatIsTooLarge } from '../jobs/outcome.ts';

/** The close code of a peer that was sent a larger frame than it reads. */
const tooLarge = 1009;
/** Every peer reads frames of this size. @unit bytes */
const alwaysRead = 1024 * 1024;

/** How much may be sent that the facilitator has not answered yet. */
const maxInFlight = { rows: 1_000, bytes: 32 * 1024 * 1024 };

/** Refusals that another try would only repeat: the facilitator has this status already, or has no such job. */
const final = ['job.integrity_error', 'job.not_found'];

interface Sent {
  id: string;
  uuid: string;
  /** The facilitator answers status updates; of other messages it says nothing. */
  isAnswered: boolean;
  /** @unit bytes */
  size: number;
}

/**
 * Delivers status updates and descriptions of machines over one connection to the facilitator. What it does not say that it
 * has is sent again over the next connection.
 *
 * On `durable-1` each bears its number in the outbox, and leaves that when the facilitator acknowledges it. On plain v0 the
 * facilitator answers each update, in order: it leaves the outbox with its answer, a description with the answer to what
 * came after it.
 */
export class StatusDelivery {
  private readonly unanswered: Sent[] = [];
  private readonly drain: OutboxDrain;
  private readonly isDurable: boolean;
  private readonly leaving: Gathered<string>;

  constructor(
    private readonly outbox: Outbox,
    /** Its address, under which frames for it wait. */
    facilitator: string,
    connection: Connection,
    private readonly link: DurableLink,
    /** Notes what is sent about a job. */
    private readonly note: (job: string, frame: string) => void,
    private readonly logger: Logger,
  ) {
    this.isDurable = connection.extensions.has('durable-1');
    this.leaving = new Gathered(
      (ids) => outbox.delivered(...ids),
      // They go out once more on the next connection.
      (error) => logger.error({ error }, 'updates that have arrived could not be taken from the outbox'),
    );
    this.drain = new OutboxDrain(
      outbox,
      facilitator,
      (row) => this.send(row),
      (error) => logger.error({ error }, 'status updates could not be read from the database'),
      maxInFlight,
    );
    void connection.closed
      .then(({ code }) => (code === tooLarge ? this.shorten() : undefined))
      .catch((error: unknown) => logger.error({ error }, 'a status update could not be shortened'));
  }

  private send({ id, type, subject: uuid, frame }: OutboxMessage): Promise<boolean> {
    const isAnswered = type === 'V0JobStatusUpdate';
    const sent = { id, uuid, isAnswered, size: Buffer.byteLength(frame) };
    this.unanswered.push(sent);
    this.note(uuid, frame);
    if (!this.isDurable) return this.link.plain(frame);
    // A machine is none of the job's story: numbers under one name have to rise as their transactions were committed.
    const name = isAnswered ? uuid : `machine-${uuid}`;
    return this.link.message(name, Number(id), frame, () => this.acknowledged(sent));
  }

  private acknowledged(sent: Sent): void {
    this.unanswered.splice(this.unanswered.indexOf(sent), 1);
    this.drain.answered(sent.id);
    this.leaving.add(sent.id);
  }

  /** The facilitator's answer to the oldest update that it has not answered yet; on `durable-1` a complaint. */
  async answered(response: Response): Promise<void> {
    if (this.isDurable) {
      this.logger.warn({ errors: problems(response) }, 'the facilitator refused something that it was sent');
      return;
    }
    const at = this.unanswered.findIndex(({ isAnswered }) => isAnswered);
    if (at < 0)
      return this.logger.warn(
        { response: problems(response) },
        'the facilitator answered something that was not asked',
      );
    const read = this.unanswered.splice(0, at);
    const sent = this.unanswered.shift()!;
    for (const { id } of [...read, sent]) this.drain.answered(id);
    await this.outbox.delivered(...read.map(({ id }) => id));
    if (response.status === 'error') {
      this.logger.warn(
        { job: sent.uuid, errors: problems(response) },
        'the facilitator refused a status update',
      );
      if (!problems(response).some(({ type }) => final.includes(type))) return;
    }
    await this.outbox.delivered(sent.id);
  }

  /** The facilitator cannot read what it was sent, and would not on another connection either. */
  private async shorten(): Promise<void> {
    const largest = this.unanswered.reduce<Sent | null>((a, b) => (a && a.size >= b.size ? a : b), null);
    if (!largest || largest.size <= alwaysRead) return;
    const row = await this.outbox.find(largest.id);
    // It may have gone out on a second connection before the first one's was shortened: that was done then.
    if (!row || Buffer.byteLength(row.frame) <= alwaysRead) return;
    const { uuid, size } = largest;
    this.logger.warn(
      { job: uuid, size },
      'the facilitator cannot read so large an update: it gets a shorter one',
    );
    await this.outbox.replace(row.id, withoutWhatIsTooLarge(row.frame, size));
  }

  /** Sends nothing more. Resolves when all that has been acknowledged has left the outbox. */
  async stop(): Promise<void> {
    this.drain.stop();
    await this.leaving.handleNow();
  }
}

/** What is wrong, of a response that says so. */
export function problems(response: Response): { type: string; msg: string }[] {
  const items = Array.isArray(response.errors) ? response.errors : [];
  return items.flatMap((item) => {
    if (!(item instanceof Map)) return [];
    const [type, msg] = [item.get('type'), item.get('msg')];
    return [{ type: typeof type === 'string' ? type : '', msg: typeof msg === 'string' ? msg : '' }];
  });
}
