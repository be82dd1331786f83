import { randomUUID } from 'node:crypto';
import { Keypair } from '@horde/identity';
import {
  InitialJobRequest,
  JobFinishedPayload,
  JobFinishedReceipt,
  JobRequest,
  JobStartedPayload,
  make,
  receiptText,
  toJson,
  ValidatorAuth,
  validatorAuthText,
  validatorPath,
  validatorSignatureText,
  wireTimeNow,
} from '@horde/protocol';
import type { Extension } from '@horde/transport';
import { DurablePeer } from '../durable-peer.ts';
import { Peer } from '../peer.ts';

/** A validator with a real key, which speaks the wire. */
export class ScriptedValidator {
  readonly hotkey: string;

  constructor(
    private readonly url: () => string,
    private readonly miner: string,
    readonly keypair = Keypair.generate(),
  ) {
    this.hotkey = keypair.address;
  }

  /** A connection that has not authenticated. */
  connect(): Promise<Peer> {
    return Peer.connect(this.url() + validatorPath(this.hotkey));
  }

  /** An authenticated connection that has been told the manifest. */
  async login(): Promise<Peer> {
    const peer = await this.connect();
    await peer.send(this.auth());
    await peer.next('V0ExecutorManifestRequest');
    return peer;
  }

  /** A connection that asks for extensions and has not authenticated. */
  connectDurable(extensions?: readonly Extension[]): Promise<DurablePeer> {
    return DurablePeer.connect(this.url() + validatorPath(this.hotkey), extensions);
  }

  /** An authenticated connection that asks for extensions. */
  async durable(extensions?: readonly Extension[]): Promise<DurablePeer> {
    const peer = await this.connectDurable(extensions);
    await peer.plain(this.auth());
    await peer.nextFrame('V0ExecutorManifestRequest');
    return peer;
  }

  /** An authenticated connection on which a job was accepted. */
  async accepted(changes: Partial<InitialJobRequest> = {}): Promise<{ connection: Peer; job_uuid: string }> {
    const connection = await this.login();
    const request = this.signed(this.initial(changes));
    await connection.send(request);
    await connection.next('V0AcceptJobRequest');
    return { connection, job_uuid: request.job_uuid };
  }

  auth(changes: Partial<ValidatorAuth> = {}): ValidatorAuth {
    const auth = make(ValidatorAuth, {
      validator_hotkey: this.hotkey,
      miner_hotkey: this.miner,
      timestamp: Math.floor(Date.now() / 1000),
      ...changes,
    });
    auth.signature ??= this.keypair.signHex(validatorAuthText(auth));
    return auth;
  }

  /** A request for a job; `receipt` changes its started receipt before that is signed. */
  initial(
    changes: Partial<InitialJobRequest> = {},
    receipt: Partial<JobStartedPayload> = {},
  ): InitialJobRequest {
    const job_uuid = changes.job_uuid ?? randomUUID();
    const payload = make(JobStartedPayload, {
      job_uuid,
      miner_hotkey: this.miner,
      validator_hotkey: this.hotkey,
      timestamp: wireTimeNow(),
      executor_class: changes.executor_class ?? 'always_on.test',
      is_organic: true,
      ttl: 7,
      ...receipt,
    });
    return make(InitialJobRequest, {
      job_uuid,
      executor_class: 'always_on.test',
      docker_image: 'example/image:1',
      timeout_seconds: 300,
      job_started_receipt_payload: payload,
      job_started_receipt_signature: this.keypair.signHex(receiptText(payload)),
      ...changes,
    });
  }

  payload(job_uuid: string, changes: Partial<JobRequest> = {}): JobRequest {
    return make(JobRequest, {
      job_uuid,
      executor_class: 'always_on.test',
      docker_image: 'example/image:1',
      docker_run_options_preset: 'none',
      docker_run_cmd: ['echo', 'hi'],
      ...changes,
    });
  }

  /** The message with its `validator_signature`. */
  signed<M extends InitialJobRequest | JobRequest>(message: M): M {
    message.validator_signature = this.keypair.signHex(validatorSignatureText(toJson(message)));
    return message;
  }

  finished(job_uuid: string, changes: Partial<JobFinishedPayload> = {}): JobFinishedReceipt {
    const payload = make(JobFinishedPayload, {
      job_uuid,
      miner_hotkey: this.miner,
      validator_hotkey: this.hotkey,
      timestamp: wireTimeNow(),
      time_started: wireTimeNow(),
      time_took_us: 1_000_000,
      score_str: '1.500000',
      ...changes,
    });
    return make(JobFinishedReceipt, { payload, signature: this.keypair.signHex(receiptText(payload)) });
  }
}
