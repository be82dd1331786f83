import { Inject, Injectable } from '@nestjs/common';
import { LOGGER, type Logger } from '@horde/operations';
import { writeFrame } from '@horde/protocol';
import { OutputReceiver } from '@horde/transport';
import { JobOutputs } from '../jobs/job-outputs.ts';
import type { ValidatorLink } from '../jobs/links.ts';
import { VALIDATOR_LINK } from '../tokens.ts';
import type { ExecutorSession } from './executor-session.ts';

/** Asks executors for what their jobs print, where the jobs' validators want it, and stores it. */
@Injectable()
export class ExecutorOutput {
  constructor(
    private readonly outputs: JobOutputs,
    @Inject(VALIDATOR_LINK) private readonly validators: ValidatorLink,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Asks, in the background, for what is not stored; not before the executor has its job. */
  ask(session: ExecutorSession): void {
    const { job, connection } = session;
    if (!job || (session.sent === 0 && session.received === 0) || !connection.extensions.has('logs-2'))
      return;
    this.follow(session, job.uuid).catch((error: unknown) => {
      if (!connection.isOpen) return;
      this.logger.error({ error, job: job.uuid }, 'an executor could not be asked for its output');
      connection.close(1011, 'internal error');
    });
  }

  private async follow(session: ExecutorSession, job: string): Promise<void> {
    const streams = await this.outputs.of(job);
    if (streams.length === 0 || !session.connection.isOpen) return;
    session.output ??= this.receiver(session);
    for (const position of streams) session.output.follow(job, position);
  }

  private receiver({ connection, job }: ExecutorSession): OutputReceiver {
    const { uuid, validator_hotkey } = job!;
    const receiver = new OutputReceiver({
      sink: this.outputs,
      send: (request) => void connection.sendText(writeFrame(request)),
      onStored: () => this.validators.ringOutput(validator_hotkey, uuid),
      onError: (error) => this.logger.error({ error, job: uuid }, 'output of a job could not be stored'),
    });
    void connection.closed.then(() => receiver.close());
    return receiver;
  }
}
