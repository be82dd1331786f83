import { OutboxDrain, type Outbox } from '@horde/database';
import type { Logger } from '@horde/operations';
import type { Response } from '@horde/protocol';
import type { Connection } from '@horde/transport';
import { facilitatorPeer } from '../jobs/jobs.service.ts';

/** Refusals that another try would only repeat: the facilitator has this status already, or has no such job. */
const final = ['job.integrity_error', 'job.not_found'];

interface Sent {
  id: string;
  uuid: string;
}

/**
 * Delivers status updates over one connection to the facilitator. It answers each, in order; an update leaves the
 * outbox with its answer, and one without an answer is sent again over the next connection.
 */
export class StatusDelivery {
  private readonly unanswered: Sent[] = [];
  private readonly drain: OutboxDrain;

  constructor(
    private readonly outbox: Outbox,
    connection: Connection,
    private readonly logger: Logger,
  ) {
    this.drain = new OutboxDrain(
      outbox,
      facilitatorPeer,
      (row) => {
        this.unanswered.push({ id: row.id, uuid: row.subject });
        return connection.sendText(row.frame);
      },
      (error) => logger.error({ error }, 'status updates could not be read from the database'),
    );
  }

  /** The facilitator's answer to the oldest update that it has not answered yet. */
  async answered(response: Response): Promise<void> {
    const sent = this.unanswered.shift();
    if (!sent)
      return this.logger.warn(
        { response: problems(response) },
        'the facilitator answered something that was not asked',
      );
    if (response.status === 'error') {
      this.logger.warn(
        { job: sent.uuid, errors: problems(response) },
        'the facilitator refused a status update',
      );
      if (!problems(response).some(({ type }) => final.includes(type))) return;
    }
    await this.outbox.delivered(sent.id);
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
    return [{ type: String(item.get('type')), msg: String(item.get('msg')) }];
  });
}
