import type { Keypair } from '@horde/identity';
import {
  facilitatorPath,
  facilitatorToValidator,
  make,
  parseJson,
  toPlain,
  ValidatorLogin,
  writeFrame,
  type NewJob,
} from '@horde/protocol';
import { connect, type Closed, type Connection } from '@horde/transport';

type Json = Record<string, unknown>;

/** A validator's side of the link, over a real websocket: what arrives is queued until a spec asks for it. */
export class ScriptedValidator {
  private readonly frames: string[] = [];
  private wake: () => void = () => undefined;
  private connection!: Connection;

  private constructor() {}

  static async connect(url: string, headers: Record<string, string> = {}): Promise<ScriptedValidator> {
    const validator = new ScriptedValidator();
    validator.connection = await connect(url.replace('http', 'ws') + facilitatorPath, {
      headers,
      attempts: 1,
      onOpening: (connection) =>
        connection.onText(
          async (text) => {
            validator.frames.push(text);
            validator.wake();
          },
          () => undefined,
        ),
    });
    return validator;
  }

  /** Connects and logs in. */
  static async logIn(
    url: string,
    keypair: Keypair,
    headers: Record<string, string> = {},
  ): Promise<ScriptedValidator> {
    const validator = await ScriptedValidator.connect(url, headers);
    validator.sendText(loginFrame(keypair));
    const answer = await validator.next();
    if (answer['status'] !== 'success') throw new Error(`The login failed: ${JSON.stringify(answer)}`);
    return validator;
  }

  /** How many frames have come that no spec has asked for. */
  get waiting(): number {
    return this.frames.length;
  }

  get closed(): Promise<Closed> {
    return this.connection.closed;
  }

  sendText(text: string): void {
    void this.connection.sendText(text);
  }

  /** The next frame's exact text. */
  async nextText(): Promise<string> {
    while (this.frames.length === 0) await new Promise<void>((resolve) => (this.wake = resolve));
    return this.frames.shift()!;
  }

  async next(): Promise<Json> {
    return toPlain(parseJson(await this.nextText())) as Json;
  }

  async nextJob(): Promise<NewJob> {
    return facilitatorToValidator.read(await this.nextText()).message as NewJob;
  }

  /** Sends a status update and returns the answer. */
  async update(uuid: string, status: string, metadata: unknown = null): Promise<Json> {
    this.sendText(JSON.stringify({ message_type: 'V0JobStatusUpdate', uuid, status, metadata }));
    return this.next();
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
}

export const loginFrame = (keypair: Keypair, signature = keypair.signHex(keypair.publicKey)): string =>
  writeFrame(make(ValidatorLogin, { public_key: Buffer.from(keypair.publicKey).toString('hex'), signature }));
