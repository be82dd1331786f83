import { signRequest, verifyHex, type Keypair } from '@horde/identity';
import {
  FreshLogin,
  freshLoginText,
  make,
  NewJob,
  readObject,
  RequestSignature,
  signedFieldsOf,
  signedFieldsPayload,
  ValidatorLogin,
  validatorToFacilitator,
  writeFrame,
  type JobOutputChunk,
  type JobProgress,
  type JobStatus,
  type JobStatusUpdate,
  type JobWait,
  type MachineSpecsUpdate,
  type QuestionAnswer,
} from '@horde/protocol';
import { DurableLink, type Connection, type Extension } from '@horde/transport';
import { Recorder } from '../recorder.ts';
import { WsServer } from '../ws-server.ts';

/** A facilitator as a test writes it: it takes one validator, sends jobs, and records the updates. */
export class ScriptedFacilitator {
  readonly updates = new Recorder<JobStatusUpdate>();
  readonly machines = new Recorder<MachineSpecsUpdate>();
  readonly answers = new Recorder<QuestionAnswer>();
  /** Waits and transfers. */
  readonly progress = new Recorder<JobProgress | JobWait>();
  readonly logins = new Recorder<Connection>();
  /** The last one. */
  login: ValidatorLogin | FreshLogin | null = null;
  /** What it does with jobs' output. */
  onOutput: (chunk: JobOutputChunk) => void = () => {};
  readonly headers: Record<string, unknown>[] = [];
  /** What it answers to a status update; null: nothing. On `durable-1` whatever is no null is an acknowledgement. */
  answer: (update: JobStatusUpdate) => object | null = () => ({ status: 'success', errors: [] });
  /** Those that it speaks from its next start on. */
  extensions: readonly Extension[] = [];
  /** It closes with 1009 when a frame is larger. @unit characters */
  largestFrame = Infinity;
  private readonly server = new WsServer((router) =>
    router.route(
      '/ws/v0/',
      (connection, { headers }) => {
        this.headers.push(headers);
        this.accept(connection);
      },
      { extensions: this.extensions },
    ),
  );
  /** The numbers of what came on `durable-1`, each with the name that it counts under. */
  readonly numbers: [string, number][] = [];
  private connection: Connection | null = null;
  private link: DurableLink | null = null;

  constructor(private readonly validatorHotkey: string) {}

  get uri(): string {
    return `ws://127.0.0.1:${this.server.port}/ws/v0/`;
  }

  start(): Promise<void> {
    return this.server.start();
  }

  stop(): Promise<void> {
    return this.server.stop();
  }

  /** Sends a frame; waits for the validator's login first. */
  async send(message: object | string): Promise<void> {
    await this.logins.first((connection) => connection.isOpen);
    if (typeof message === 'string') await this.connection!.sendText(message);
    else await this.connection!.send(message);
  }

  /** Sends a numbered message, on `durable-1`. Resolves when it is acknowledged. */
  async number(name: string, number: number, message: object): Promise<void> {
    await this.logins.first((connection) => connection.isOpen);
    const { promise, resolve } = Promise.withResolvers<void>();
    await this.link!.message(name, number, writeFrame(message), resolve);
    await promise;
  }

  update(uuid: string, status: JobStatus, limit?: number): Promise<JobStatusUpdate> {
    return this.updates.first((update) => update.uuid === uuid && update.status === status, 0, limit);
  }

  statuses(uuid: string): JobStatus[] {
    return this.updates.items.filter((update) => update.uuid === uuid).map(({ status }) => status);
  }

  private accept(connection: Connection): void {
    const link: DurableLink = new DurableLink(
      connection,
      {
        onMessage: async (name, number, text) => {
          this.numbers.push([name, number]);
          return { committed: this.take(connection, link, text) };
        },
        onPlain: async (text) => void (await this.take(connection, link, text)),
        onBadFrame: () => connection.close(1003),
      },
      (error) => {
        throw error;
      },
    );
  }

  /** Returns whether a numbered message is to be acknowledged. */
  private async take(connection: Connection, link: DurableLink, text: string): Promise<boolean> {
    if (text.length > this.largestFrame) connection.close(1009);
    if (!connection.isOpen) return false;
    const { message } = validatorToFacilitator.read(text);
    if (message instanceof ValidatorLogin || message instanceof FreshLogin) {
      this.login = message;
      const signed =
        message instanceof FreshLogin ? freshLoginText(message) : Buffer.from(message.public_key, 'hex');
      if (!verifyHex(signed, message.signature, this.validatorHotkey)) connection.close(3000);
      this.connection = connection;
      this.link = link;
      await connection.sendText('{"status":"success","errors":[]}');
      this.logins.add(connection);
    } else if (message.message_type === 'V0JobStatusUpdate') {
      const answer = this.answer(message);
      if (answer && !connection.extensions.has('durable-1'))
        await connection.sendText(JSON.stringify(answer));
      this.updates.add(message);
      return answer !== null;
    } else if (message.message_type === 'V0MachineSpecsUpdate') this.machines.add(message);
    else if ('question_uuid' in message) this.answers.add(message);
    else if (message.message_type === 'V0JobOutputChunk') this.onOutput(message);
    else if (message.message_type !== 'V0Heartbeat') this.progress.add(message);
    return true;
  }
}

/** Of jobs that are signed in the same millisecond, each is at another nanosecond. */
let signed = 0n;

/** A job as a user's request arrives at the validator, signed by `signer` (null: unsigned). */
export function newJob(
  uuid: string,
  signer: Keypair | null,
  fields: Partial<NewJob> = {},
  signedAt = Date.now(),
): NewJob {
  const job = make(NewJob, {
    uuid,
    executor_class: 'always_on.test',
    docker_image: 'horde/hello:1',
    args: ['echo', 'hi'],
    env: new Map([
      ['10', 'x'],
      ['9', 'y'],
    ]),
    artifacts_dir: '/artifacts',
    download_time_limit: 5,
    execution_time_limit: 10,
    upload_time_limit: 5,
    streaming_start_time_limit: 0,
    ...fields,
  });
  if (signer) {
    const timestamp_ns = BigInt(signedAt) * 1_000_000n + ++signed;
    job.signature = readObject(
      RequestSignature,
      new Map<string, never>(
        Object.entries({
          signature_type: 'bittensor',
          signatory: signer.address,
          timestamp_ns,
          signature: signRequest(signer, timestamp_ns, signedFieldsPayload(signedFieldsOf(job))),
          signature_scope: 'SignedFields',
        }) as never,
      ),
    );
  }
  return job;
}
