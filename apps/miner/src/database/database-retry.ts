import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import { LOGGER, type Logger } from '@horde/operations';

/** The pause before something is tried again; it doubles each time. @unit ms */
const pauses = { first: 100, max: 2_000 };

/** Carries work through times in which the database is away. */
@Injectable()
export class DatabaseRetry implements BeforeApplicationShutdown {
  private readonly shutdown = new AbortController();

  constructor(@Inject(LOGGER) private readonly logger: Logger) {}

  beforeApplicationShutdown(): void {
    this.shutdown.abort();
  }

  /**
   * Does something, and does it again as long as it fails because the database is away. It may have been stored although
   * it failed, so it must not matter when it is done twice.
   * @throws what it fails with otherwise, or when the miner stops
   */
  async run<T>(work: () => Promise<T>): Promise<T> {
    const { signal } = this.shutdown;
    for (let pause = pauses.first; ; pause = Math.min(2 * pause, pauses.max)) {
      try {
        return await work();
      } catch (error) {
        if (signal.aborted || !isAway(error)) throw error;
        this.logger.warn(`the database is away (${(error as Error).message}); it is tried again`);
        await sleep(pause, undefined, { signal });
      }
    }
  }
}

/** Codes of Postgres: connection exceptions, too many connections, and a server that is being stopped or started. */
const sqlStates = /^(08...|53300|57P0[1-5])$/;
/** Codes of the system. */
const systemCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOENT',
  'ENOTFOUND',
  'EAI_AGAIN',
]);
/** What the client says without a code. */
const sentences =
  /^(Connection terminated|Client has encountered a connection error|Client was closed|timeout exceeded when trying to connect|Query runner already released|Query read timeout)/;

/** Whether an error says that the database cannot be reached now, and nothing about what was asked of it. */
function isAway(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = (error as { code?: unknown }).code;
  if (typeof code === 'string') return sqlStates.test(code) || (systemCodes.has(code) && isOfSocket(error));
  return sentences.test(error.message);
}

/** A file that is missing has such a code too. */
const isOfSocket = (error: Error): boolean => (error as { path?: unknown }).path === undefined;
