import { signRequest, verifyHex, type Keypair } from '@horde/identity';
import {
  make,
  NewJob,
  readObject,
  RequestSignature,
  signedFieldsOf,
  signedFieldsPayload,
  validatorToFacilitator,
  type JobStatus,
  type JobStatusUpdate,
  type MachineSpecsUpdate,
} from '@horde/protocol';
import type { Connection } from '@horde/transport';
import { Recorder } from '../recorder.ts';
import { WsServer } from '../ws-server.ts';

/** A facilitator as a test writes it: it takes one validator, sends jobs, and records the updates. */
export class ScriptedFacilitator {
  readonly updates = new Recorder<JobStatusUpdate>();
  readonly machines = new Recorder<MachineSpecsUpdate>();
  readonly logins = new Recorder<Connection>();
  readonly headers: Record<string, unknown>[] = [];
  /** What it answers to a status update; null: nothing. */
  answer: (update: JobStatusUpdate) => object | null = () => ({ status: 'success', errors: [] });
  /** It closes with 1009 when a frame is larger. @unit characters */
  largestFrame = Infinity;
  private readonly server = new WsServer((router) =>
    router.route('/ws/v0/', (connection, { headers }) => {
      this.headers.push(headers);
      this.accept(connection);
    }),
  );
  private connection: Connection | null = null;

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

  update(uuid: string, status: JobStatus, limit?: number): Promise<JobStatusUpdate> {
    return this.updates.first((update) => update.uuid === uuid && update.status === status, 0, limit);
  }

  statuses(uuid: string): JobStatus[] {
    return this.updates.items.filter((update) => update.uuid === uuid).map(({ status }) => status);
  }

  private accept(connection: Connection): void {
    connection.onText(
      async (text) => {
        if (text.length > this.largestFrame) return connection.close(1009);
        const { message } = validatorToFacilitator.read(text);
        if (message.message_type === 'V0AuthenticationRequest') {
          const key = Buffer.from(message.public_key, 'hex');
          if (!verifyHex(key, message.signature, this.validatorHotkey)) return connection.close(3000);
          this.connection = connection;
          await connection.sendText('{"status":"success","errors":[]}');
          this.logins.add(connection);
        } else if (message.message_type === 'V0JobStatusUpdate') {
          const answer = this.answer(message);
          if (answer) await connection.sendText(JSON.stringify(answer));
          this.updates.add(message);
        } else if (message.message_type === 'V0MachineSpecsUpdate') this.machines.add(message);
      },
      () => connection.close(1003),
    );
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
