import { OutboxDrain, type Outbox, type OutboxMessage } from '@horde/database';
import { withLogContext, type Logger } from '@horde/operations';
import {
  facilitatorToValidator,
  jobCheatedForOldValidator,
  newJobForOldValidator,
  type JobCheated,
  type NewJob,
} from '@horde/protocol';
import type { Connection, DurableLink } from '@horde/transport';
import type { JobStatuses } from '../jobs/job-statuses.ts';
import type { Channels } from '../validators/channels.ts';
import type { ValidatorOutput } from './validator-output.ts';

/** The first heartbeat behind a report may have been on its way; the next one is a minute later. */
const beatsAfterReport = 2;

export interface DeliveryParts {
  channels: Channels;
  statuses: JobStatuses;
  outbox: Outbox;
  logger: Logger;
}

/** One connection of a validator that has logged in. */
interface DeliveryPlace {
  /** Its hotkey. */
  validator: string;
  channelId: string;
  connection: Connection;
  link: DurableLink;
  output: ValidatorOutput;
  /** The largest frame that it reads. @unit bytes */
  maxFrame: number;
}

/** Brings jobs, cancels and reports from the outbox to one connection, while it is its validator's newest. */
export class JobDelivery {
  isDelivering = false;
  private drain: OutboxDrain | null = null;
  /** Cheat reports that went out here without a number, and how many heartbeats have come since. */
  private readonly reports = new Map<string, number>();

  constructor(
    private readonly place: DeliveryPlace,
    private readonly parts: DeliveryParts,
  ) {}

  /** Does nothing if it does so already. */
  begin(): void {
    if (this.isDelivering) return;
    this.stop();
    this.isDelivering = true;
    const { validator, output } = this.place;
    this.drain = new OutboxDrain(
      this.parts.outbox,
      validator,
      (row) => withLogContext({ validator, job: row.subject }, () => this.send(row)),
      (error) => this.parts.logger.error({ error }, 'the jobs that wait for a validator could not be read'),
    );
    output.back(validator);
  }

  /** Sends all that waits once more, if it sends any. */
  again(): void {
    if (!this.isDelivering) return;
    this.stop();
    this.begin();
  }

  /** Sends nothing more, until it begins again with all that waits then. */
  stop(): void {
    this.isDelivering = false;
    this.drain?.stop();
  }

  /** Called with each heartbeat. On plain v0 nothing answers a report: a validator that goes on for a minute after it has it. */
  async settleReports(): Promise<void> {
    for (const [id, beats] of this.reports) {
      if (beats + 1 < beatsAfterReport) this.reports.set(id, beats + 1);
      else {
        await this.parts.outbox.delivered(id);
        this.reports.delete(id);
      }
    }
  }

  /** Returns false when nothing more is to be sent here. */
  private async send(row: OutboxMessage): Promise<boolean> {
    const { channels, statuses, logger } = this.parts;
    const { validator, channelId, connection, output, maxFrame } = this.place;
    try {
      const channel = await channels.newest(validator);
      if (channel?.id !== channelId) {
        this.stop();
        return false;
      }
      // It waits for the job's end, or for a connection that speaks it.
      if (row.type === 'V0CancelJobRequest' && !connection.extensions.has('cancel-1')) return true;
      const frame = channel.isOldest ? frameForOldest(row) : row.frame;
      const size = Buffer.byteLength(frame);
      if (size > maxFrame) {
        // It was created for a connection that could take it. Sent, it would cut this one off, and the next.
        const why = `The job's message has ${size} bytes, and its validator reads at most ${maxFrame}.`;
        logger.warn(why);
        await statuses.failHere(validator, row.subject, why);
        return true;
      }
      if (!(await this.sendFrame(row, frame))) return false;
      if (row.type === 'V2JobRequest') output.jobSent(row.subject);
      logger.info(`the job's ${row.type} was sent to its validator`);
      return true;
    } catch (error) {
      logger.error({ error }, 'a job could not be sent to its validator');
      connection.close(1011, 'internal error');
      return false;
    }
  }

  /** Jobs and cancels bear no numbers: a status answers them. */
  private async sendFrame({ id, type, subject }: OutboxMessage, frame: string): Promise<boolean> {
    const { connection, link } = this.place;
    if (type !== 'V0JobCheated') return link.plain(frame);
    if (connection.extensions.has('durable-1'))
      return link.message(subject, Number(id), frame, () => this.arrived(id));
    if (!(await link.plain(frame))) return false;
    this.reports.set(id, 0);
    return true;
  }

  private arrived(id: string): void {
    this.parts.outbox
      .delivered(id)
      // It goes out once more on the next connection.
      .catch((error: unknown) =>
        this.parts.logger.error({ error }, 'a report that has arrived could not be taken from the outbox'),
      );
  }
}

/** A frame in the form that validators of the oldest generation read; the outbox has it in today's. */
function frameForOldest({ type, frame }: OutboxMessage): string {
  const message = () => facilitatorToValidator.read(frame).message;
  if (type === 'V2JobRequest') return newJobForOldValidator(message() as NewJob);
  return type === 'V0JobCheated' ? jobCheatedForOldValidator(message() as JobCheated) : frame;
}
