import type { StreamPosition } from '@horde/database';
import type { LogThrottle, Logger } from '@horde/operations';
import type { JobOutputChunk } from '@horde/protocol';
import { OutputReceiver, type Connection } from '@horde/transport';
import type { OutputStore } from '../output/output-store.ts';

/** Asks a validator, on one connection, for what its jobs print. */
export class ValidatorOutput {
  /** Null: the validator is not asked. */
  private readonly receiver: OutputReceiver | null = null;

  constructor(
    private readonly connection: Connection,
    private readonly output: OutputStore,
    private readonly logger: Logger,
    /** Lines about what is refused. */
    private readonly refusals: LogThrottle,
  ) {
    if (!connection.extensions.has('logs-2')) return;
    const receiver = new OutputReceiver({
      sink: output,
      send: (request) => void connection.send(request),
      onError: (error) => logger.error({ error }, 'output of a job could not be stored'),
    });
    this.receiver = receiver;
    void connection.closed.then(() => receiver.close());
  }

  /** The validator has been sent the job. */
  jobSent(job: string): void {
    this.ask(async () => (await this.output.keep(job)).map((position) => ({ ...position, job })));
  }

  /** The job has ended: asked once more, the validator tells the end of what nothing more will come of. */
  jobEnded(job: string): void {
    this.ask(async () => {
      const positions = await this.output.of(job);
      return positions.filter(({ ended }) => !ended).map((position) => ({ ...position, job }));
    });
  }

  /** The validator has come back. */
  back(hotkey: string): void {
    this.ask(() => this.output.unfinished(hotkey));
  }

  take(chunk: JobOutputChunk): void {
    const problem = this.receiver ? this.receiver.take(chunk) : 'this connection has not agreed on logs-2';
    if (problem !== null && this.refusals.allows(problem))
      this.logger.warn({ job: chunk.job_uuid, problem }, 'output of a job is not used');
  }

  private ask(positions: () => Promise<(StreamPosition & { job: string })[]>): void {
    const { receiver } = this;
    if (!receiver) return;
    positions()
      .then((all) => {
        for (const { job, ...position } of all) receiver.follow(job, position);
      })
      .catch((error: unknown) => {
        // Cut, the validator comes back, and is asked then.
        if (!this.connection.isOpen) return;
        this.logger.error({ error }, 'a validator could not be asked for output');
        this.connection.close(1011, 'internal error');
      });
  }
}
