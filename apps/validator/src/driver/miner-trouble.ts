import type { JobStatus } from '@horde/protocol';
import type { Attempt } from '../jobs/attempt.entity.ts';
import { givenUp, type MinerMessage, type Report } from '../jobs/outcome.ts';
import { awaited } from '../jobs/stages.ts';
import type { MinerConnection } from '../miner/miner-connection.ts';

/** Longest error text of a miner that is kept. @unit characters */
const maxErrorLength = 500;

/** What is said of a miner that does not do what it has to, with its own last words. */
export class MinerTrouble {
  private lastError = '';

  constructor(
    private readonly attempt: Attempt,
    private readonly miner: MinerConnection,
  ) {}

  /** Keeps the words of a message that is an error. @returns them; null: it is none */
  hear(message: MinerMessage): string | null {
    if (message.message_type !== 'GenericError' && message.message_type !== 'UnauthorizedError') return null;
    const words = message.details ?? ('code' in message ? message.code : '');
    this.lastError = words.slice(0, maxErrorLength);
    return this.lastError;
  }

  unreachable(): Report {
    const { miner_ip: ip, miner_port: port } = this.attempt;
    const address = `${ip.includes(':') ? `[${ip}]` : ip}:${port}`;
    const { trouble } = this.miner;
    return givenUp(
      'miner_connection_failed',
      `${this.name} could not be reached at ${address}: ${trouble}.${this.saying}`,
    );
  }

  refusal(): Report {
    return givenUp('miner_connection_failed', `${this.name} does not let this validator in.${this.saying}`);
  }

  /** @param time that it had. @unit ms @returns what is said of it, and why it is to end the job */
  late(status: JobStatus, streaming: boolean, time: number): { report: Report; cancel: string } {
    const { what, reason } = awaited(status, streaming);
    const seconds = Math.max(1, Math.round(time / 1000));
    const { trouble } = this.miner;
    const connection = trouble ? ` There was no connection to it at the end: ${trouble}.` : '';
    const cancel = `${this.name} did not ${what} within ${seconds} s.`;
    return { report: givenUp(reason, `${cancel}${connection}${this.saying}`), cancel };
  }

  /** For sentences. */
  private get name(): string {
    return `The miner ${this.attempt.miner_hotkey}`;
  }

  /** The miner's own last words of trouble, if any. */
  private get saying(): string {
    return this.lastError ? ` It said: ${this.lastError}` : '';
  }
}
