import type { Keypair } from '@horde/identity';
import {
  facilitatorPath,
  facilitatorToValidator,
  FreshLogin,
  freshLoginText,
  make,
  parseJson,
  toPlain,
  ValidatorLogin,
  writeFrame,
  type JobOutputRequest,
  type NewJob,
} from '@horde/protocol';
import { connect, DurableLink, type Closed, type Connection, type Extension } from '@horde/transport';

type Json = Record<string, unknown>;

/** The last number that any of them has given to a message: as of one outbox. */
let lastNumber = 0;

/** A validator's side of the link, over a real websocket: what arrives is queued until a spec asks for it. */
export class ScriptedValidator {
  private readonly frames: string[] = [];
  /** Resolved by the next frame, for all that wait for one. */
  private arrival = Promise.withResolvers<void>();
  /** What is done with requests for output, on `logs-2`; they are not queued. */
  onOutputRequest: (request: JobOutputRequest) => void = () => undefined;
  /** Whether what comes with a number is stored, as far as the facilitator is told. */
  acknowledges = true;
  /** What the facilitator has acknowledged, as it said it. */
  readonly acknowledged: [name: string, number: number][] = [];
  private connection!: Connection;
  private link!: DurableLink;

  private constructor() {}

  /** @param extensions those that it offers */
  static async connect(
    url: string,
    headers: Record<string, string> = {},
    extensions: readonly Extension[] = [],
  ): Promise<ScriptedValidator> {
    const validator = new ScriptedValidator();
    validator.connection = await connect(url.replace('http', 'ws') + facilitatorPath, {
      headers,
      extensions,
      attempts: 1,
      onOpening: (connection) => {
        const end = {
          onMessage: async (_name: string, _number: number, text: string) => {
            validator.take(text);
            return { committed: Promise.resolve(validator.acknowledges) };
          },
          onAcknowledged: async (...acknowledged: [string, number]) =>
            void validator.acknowledged.push(acknowledged),
          onPlain: async (text: string) => validator.take(text),
          onBadFrame: () => undefined,
        };
        validator.link = new DurableLink(connection, end, () => undefined);
      },
    });
    return validator;
  }

  /** Connects and logs in. */
  static async logIn(
    url: string,
    keypair: Keypair,
    headers: Record<string, string> = {},
    extensions: readonly Extension[] = [],
  ): Promise<ScriptedValidator> {
    const validator = await ScriptedValidator.connect(url, headers, extensions);
    const isFresh = validator.extensions.includes('login-1');
    validator.sendText(isFresh ? freshLoginFrame(keypair, new URL(url).host) : loginFrame(keypair));
    const answer = await validator.next();
    if (answer['status'] !== 'success') throw new Error(`The login failed: ${JSON.stringify(answer)}`);
    return validator;
  }

  /** How many frames have come that no spec has asked for. */
  get waiting(): number {
    return this.frames.length;
  }

  /** Those that the facilitator has picked. */
  get extensions(): Extension[] {
    return [...this.connection.extensions];
  }

  get closed(): Promise<Closed> {
    return this.connection.closed;
  }

  sendText(text: string): void {
    void this.connection.sendText(text);
  }

  /** Sends a numbered message. Resolves when the facilitator has acknowledged it. */
  async number(name: string, number: number, text: string): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    await this.link.message(name, number, text, resolve);
    await promise;
  }

  /** Is gone, without a word. */
  async vanish(): Promise<void> {
    this.connection.terminate();
    await this.connection.closed;
  }

  /** The next frame's exact text. */
  async nextText(): Promise<string> {
    while (this.frames.length === 0) await this.arrival.promise;
    return this.frames.shift()!;
  }

  async next(): Promise<Json> {
    return toPlain(parseJson(await this.nextText())) as Json;
  }

  async nextJob(): Promise<NewJob> {
    return facilitatorToValidator.read(await this.nextText()).message as NewJob;
  }

  /** Sends a status update and returns the answer: a success when it is acknowledged, on `durable-1`. */
  async update(uuid: string, status: string, metadata: unknown = null): Promise<Json> {
    const text = JSON.stringify({ message_type: 'V0JobStatusUpdate', uuid, status, metadata });
    if (this.connection.extensions.has('durable-1')) {
      await this.number(uuid, ++lastNumber, text);
      return { status: 'success', errors: [] };
    }
    this.sendText(text);
    return this.nextAnswer();
  }

  /** The answer to what was sent. Jobs and cancels come on their own, before it or behind it, and stay for `next`. */
  private async nextAnswer(): Promise<Json> {
    for (;;) {
      const at = this.frames.findIndex((text) => !text.includes('"message_type"'));
      if (at !== -1) return toPlain(parseJson(this.frames.splice(at, 1)[0]!)) as Json;
      await this.arrival.promise;
    }
  }

  /** Waits until everything sent before has been handled: a frame that is no message is answered in order. Returns what came instead. */
  async settle(): Promise<Json[]> {
    this.sendText('{"message_type":"V0NoSuchMessage"}');
    const before: Json[] = [];
    for (;;) {
      const frame = await this.next();
      if (JSON.stringify(frame).includes('must be one of')) return before;
      before.push(frame);
    }
  }

  async leave(): Promise<void> {
    this.connection.close();
    await this.connection.closed;
  }

  private take(text: string): void {
    if (text.includes('"V0JobOutputRequest"'))
      return this.onOutputRequest(JSON.parse(text) as JobOutputRequest);
    this.frames.push(text);
    this.arrival.resolve();
    this.arrival = Promise.withResolvers<void>();
  }
}

export const loginFrame = (keypair: Keypair, signature = keypair.signHex(keypair.publicKey)): string =>
  writeFrame(make(ValidatorLogin, { public_key: Buffer.from(keypair.publicKey).toString('hex'), signature }));

/** Of logins in the same millisecond, each is at another nanosecond. */
let logins = 0n;

/** A login on `login-1`. @param more what is odd about it; it is signed all the same */
export function freshLoginFrame(
  keypair: Keypair,
  facilitator: string,
  more: Partial<FreshLogin> = {},
): string {
  const timestamp_ns = BigInt(Date.now()) * 1_000_000n + ++logins;
  const login = { hotkey: keypair.address, facilitator, timestamp_ns, ...more };
  return writeFrame(make(FreshLogin, { signature: keypair.signHex(freshLoginText(login)), ...login }));
}
