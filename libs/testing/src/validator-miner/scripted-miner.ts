import type { RequestListener } from 'node:http';
import { verifyHex, type Keypair } from '@horde/identity';
import {
  ExecutorManifest,
  MainHotkey,
  make,
  receiptText,
  validatorAuthText,
  validatorSignatureText,
  validatorToMiner,
  type ExecutorClass,
  type InitialJobRequest,
  type JobAcceptedReceipt,
  type JobFinishedReceipt,
  type JobRequest,
  type JsonObject,
  type MessageOf,
} from '@horde/protocol';
import type { Connection, WebSocketRouter } from '@horde/transport';
import { Recorder } from '../recorder.ts';
import { WsServer } from '../ws-server.ts';

export type ValidatorMessage = MessageOf<typeof validatorToMiner>;

/** What a scripted miner does when the validator says something. */
export interface MinerScript {
  onInitial?: (request: InitialJobRequest, connection: Connection) => unknown;
  onJob?: (request: JobRequest, connection: Connection) => unknown;
}

/** A miner as a test writes it: it checks every signature, records what it gets, and answers by script. */
export class ScriptedMiner {
  readonly received = new Recorder<ValidatorMessage>();
  readonly connections = new Recorder<Connection>();
  readonly badSignatures: string[] = [];
  script: MinerScript = {};
  manifest: [ExecutorClass, number][] = [['always_on.test', 1]];
  /** What it says is the main hotkey of its coldkey; null: nothing. */
  mainHotkey: string | null = null;
  /** What it answers every authentication with, instead of its manifest; null: it lets validators in. */
  refusal: string | null = null;
  private readonly server: WsServer;

  /** @param pages what it answers to who asks for its receipts; nothing without it */
  constructor(
    readonly keypair: Keypair,
    host?: string,
    pages?: RequestListener,
  ) {
    const accept = (router: WebSocketRouter) =>
      router.route('/v0.1/validator_interface/:hotkey', (connection, { params }) =>
        this.accept(connection, params['hotkey']!),
      );
    this.server = new WsServer(accept, host, pages);
  }

  get port(): number {
    return this.server.port;
  }

  start(): Promise<void> {
    return this.server.start();
  }

  stop(): Promise<void> {
    return this.server.stop();
  }

  initial(uuid: string): InitialJobRequest[] {
    return this.all('V0InitialJobRequest').filter((message) => message.job_uuid === uuid);
  }

  all<T extends ValidatorMessage['message_type']>(type: T): Extract<ValidatorMessage, { message_type: T }>[] {
    return this.received.items.filter((message) => message.message_type === type) as Extract<
      ValidatorMessage,
      { message_type: T }
    >[];
  }

  finishedReceipt(uuid: string, limit?: number): Promise<JobFinishedReceipt> {
    return this.received.first(
      (message): message is JobFinishedReceipt =>
        message.message_type === 'V0JobFinishedReceiptRequest' && message.payload.job_uuid === uuid,
      0,
      limit,
    );
  }

  private accept(connection: Connection, hotkey: string): void {
    connection.onText(
      async (text) => {
        const { message, json } = validatorToMiner.read(text);
        this.check(message, json, hotkey);
        this.received.add(message);
        if (message.message_type === 'ValidatorAuthForMiner') {
          this.connections.add(connection);
          if (this.refusal !== null) await connection.sendError(this.refusal);
          else await connection.send(make(ExecutorManifest, { manifest: new Map(this.manifest) }));
        } else if (message.message_type === 'V0MainHotkeyMessage')
          await connection.send(make(MainHotkey, { main_hotkey: this.mainHotkey }));
        else if (message.message_type === 'V0InitialJobRequest')
          await this.script.onInitial?.(message, connection);
        else if (message.message_type === 'V0JobRequest') await this.script.onJob?.(message, connection);
      },
      () => connection.close(1003),
    );
  }

  private check(message: ValidatorMessage, json: JsonObject, hotkey: string): void {
    const check = (what: string, text: string, signature: string | null) => {
      if (!verifyHex(text, signature ?? '', hotkey)) this.badSignatures.push(what);
    };
    switch (message.message_type) {
      case 'ValidatorAuthForMiner':
        check('auth', validatorAuthText(message), message.signature);
        if (message.miner_hotkey !== this.keypair.address || message.validator_hotkey !== hotkey)
          this.badSignatures.push('auth for another');
        break;
      case 'V0InitialJobRequest':
        check('initial', validatorSignatureText(json), message.validator_signature);
        check(
          'started receipt',
          receiptText(message.job_started_receipt_payload),
          message.job_started_receipt_signature,
        );
        break;
      case 'V0JobRequest':
        check('job', validatorSignatureText(json), message.validator_signature);
        break;
      case 'V0JobAcceptedReceiptRequest':
      case 'V0JobFinishedReceiptRequest':
        this.checkReceipt(message, check);
        break;
      default:
    }
  }

  private checkReceipt(
    message: JobAcceptedReceipt | JobFinishedReceipt,
    check: (what: string, text: string, signature: string) => void,
  ): void {
    check(message.payload.receipt_type, receiptText(message.payload), message.signature);
  }
}
