import type { INestApplicationContext, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { Logger } from '@horde/operations';

/** What a command gets of the process that it runs in. Services extend it by their settings and parts. */
export class CommandContext {
  /** Of the process, when the command has ended. */
  exitCode = 0;

  /**
   * @param print takes what the command says: a line, or several
   * @param logger for what goes on beside that; never on standard output
   * @param signal aborted when the operator does not want to wait any more
   */
  constructor(
    readonly environment: Record<string, string | undefined>,
    readonly print: (text: string) => void,
    readonly logger: Logger,
    readonly signal: AbortSignal,
  ) {}

  /** Runs `work` with the parts of a module, which are let go afterwards. @throws what the module or `work` throws */
  async with<T>(module: Type, work: (app: INestApplicationContext) => Promise<T>): Promise<T> {
    const app = await NestFactory.createApplicationContext(module, { logger: false, abortOnError: false });
    try {
      return await work(app);
    } finally {
      await app.close();
    }
  }
}
