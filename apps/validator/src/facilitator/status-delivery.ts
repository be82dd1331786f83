import { OutboxDrain, type Outbox } from '@horde/database';
import type { Logger } from '@horde/operations';
import type { Response } from '@horde/protocol';
import type { Connection } from '@horde/transport';
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
 * Delivers status updates and descriptions of machines over one connection to the facilitator. It answers each update, in
 * order; an update leaves the outbox with its answer, a description with the answer to what came after it, and what has
 * had none is sent again over the next connection.
 */
export class StatusDelivery {
  private readonly unanswered: Sent[] = [];
  private readonly drain: OutboxDrain;

  constructor(
    private readonly outbox: Outbox,
    /** Its address, under which frames for it wait. */
    facilitator: string,
    connection: Connection,
    private readonly logger: Logger,
  ) {
    this.drain = new OutboxDrain(
      outbox,
      facilitator,
      (row) => {
        const isAnswered = row.type === 'V0JobStatusUpdate';
        this.unanswered.push({
          id: row.id,
          uuid: row.subject,
          isAnswered,
          size: Buffer.byteLength(row.frame),
        });
        return connection.sendText(row.frame);
      },
      (error) => logger.error({ error }, 'status updates could not be read from the database'),
      maxInFlight,
    );
    void connection.closed
      .then(({ code }) => (code === tooLarge ? this.shorten() : undefined))
      .catch((error: unknown) => logger.error({ error }, 'a status update could not be shortened'));
  }

  /** The facilitator's answer to the oldest update that it has not answered yet. */
  async answered(response: Response): Promise<void> {
    const at = this.unanswered.findIndex(({ isAnswered }) => isAnswered);
    if (at < 0)
      return this.logger.warn(
        { response: problems(response) },
        'the facilitator answered something that was not asked',
      );
    const read = this.unanswered.splice(0, at);
    const sent = this.unanswered.shift()!;
    for (const { id } of [...read, sent]) this.drain.answered(id);
    for (const { id } of read) await this.outbox.delivered(id);
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

  stop(): void {
    this.drain.stop();
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
