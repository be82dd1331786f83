import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Peer } from '@horde/testing/peer';
import type { ScriptedValidator } from '@horde/testing/validator-miner/scripted-validator';

/** How long a job runs. @unit s */
const work = 2;
/** Until the miner is tried again that was not there. @unit ms */
const pause = 200;
const said = [
  'V0AcceptJobRequest',
  'V0DeclineJobRequest',
  'V0ExecutorReadyRequest',
  'V0ExecutorFailedRequest',
  'V0StreamingJobNotReadyRequest',
  'V0JobFinishedRequest',
  'V0JobFailedRequest',
  'V0HordeFailedRequest',
];

/**
 * The jobs of a validator, each sent as soon as the one before it has ended, through a miner that may be away at any moment.
 * As ComputeHorde's do, it connects again then, and names its job by sending its request again.
 */
export class JobStream {
  /** How many were accepted, and have ended with what they print. */
  finished = 0;
  /** How many the miner has not taken. */
  declined = 0;
  /** Of jobs that were accepted and ended otherwise what was said. */
  readonly lost: string[] = [];
  private isStopped = false;
  private connection: Peer | null = null;
  private readonly running: Promise<void>;

  constructor(
    private readonly validator: ScriptedValidator,
    private readonly image: string,
  ) {
    this.running = this.go();
  }

  /** Resolves when the job that runs now has ended. */
  async stop(): Promise<void> {
    this.isStopped = true;
    await this.running;
    await this.connection?.close();
  }

  private async go(): Promise<void> {
    while (!this.isStopped) await this.job();
  }

  private async job(): Promise<void> {
    const { validator, image } = this;
    const word = randomBytes(8).toString('hex');
    const request = validator.signed(validator.initial({ docker_image: image }));
    const { job_uuid } = request;
    const docker_run_cmd = ['sh', '-c', `sleep ${work}; echo ${word}`];
    const payload = validator.signed(validator.payload(job_uuid, { docker_image: image, docker_run_cmd }));
    for (let accepted = false; ;) {
      const connection = await this.connected();
      await connection.send(request);
      // Null: the connection is lost. The next one is told again how the job stands.
      for (let frame; (frame = await connection.next(...said).catch(() => null));) {
        if (frame['job_uuid'] !== job_uuid) continue;
        const { message_type } = frame;
        if (message_type === 'V0AcceptJobRequest') accepted = true;
        else if (message_type === 'V0ExecutorReadyRequest') await connection.send(payload);
        else if (message_type === 'V0DeclineJobRequest' && !accepted) {
          this.declined++;
          await sleep(pause);
          return;
        } else {
          if (message_type === 'V0JobFinishedRequest' && frame['docker_process_stdout'] === `${word}\n`)
            this.finished++;
          else this.lost.push(JSON.stringify(frame));
          await connection.send(validator.finished(job_uuid));
          return;
        }
      }
      this.connection = null;
    }
  }

  private async connected(): Promise<Peer> {
    for (;;)
      try {
        return (this.connection ??= await this.validator.login());
      } catch {
        await sleep(pause);
      }
  }
}
