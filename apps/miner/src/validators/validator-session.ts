import { GenericError, make, writeFrame } from '@horde/protocol';
import type { Connection } from '@horde/transport';

/** One connection of a validator. Until it has authenticated, it gets nothing but `GenericError`s. */
export class ValidatorSession {
  authenticated = false;
  /** Whether it has named a job. One that has not may be a client that came back and waits for its jobs' news. */
  hasNamed = false;
  /** The jobs that its own messages have named and that are not settled. */
  readonly named = new Set<string>();

  constructor(
    /** The hotkey of the connection's path. */
    readonly hotkey: string,
    readonly connection: Connection,
  ) {}

  send(message: { message_type: string }): Promise<boolean> {
    return this.connection.sendText(writeFrame(message));
  }

  async complain(details: string): Promise<void> {
    await this.send(make(GenericError, { details }));
  }
}
