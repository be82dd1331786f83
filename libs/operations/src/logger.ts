import { AsyncLocalStorage } from 'node:async_hooks';
import type { LoggerService } from '@nestjs/common';
import { pino, type Logger } from 'pino';

/** Facts that stand in every line written while one job or one peer is served. */
export interface LogContext {
  /** The job's uuid. */
  job?: string;
  /** The peer's hotkey, or "executor". */
  peer?: string;
}

const contexts = new AsyncLocalStorage<LogContext>();

/** Runs `work` with these facts in all of its log lines, besides those of the calls around it. */
export function withLogContext<T>(context: LogContext, work: () => T): T {
  return contexts.run({ ...contexts.getStore(), ...context }, work);
}

/** Names whose values are never written, wherever they stand in an object that is logged. */
const secretNames = [
  'token',
  'authorization',
  'password',
  'secret',
  'secretPhrase',
  'privateKey',
  'secretSeed',
  'env',
];

/** JSON lines on standard output. Level by LOG_LEVEL (default `info`). */
export function createLogger(service: string): Logger {
  return pino({
    base: { service },
    level: process.env['LOG_LEVEL'] ?? 'info',
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (level) => ({ level }) },
    mixin: () => contexts.getStore() ?? {},
    redact: { paths: secretNames.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]), censor: '[secret]' },
    serializers: { error: pino.stdSerializers.err },
  });
}

/** The framework's own lines in the same form: its start-up chatter at debug, the rest as it is. */
export class FrameworkLogger implements LoggerService {
  constructor(private readonly logger: Logger) {}

  log(message: unknown, ...context: unknown[]): void {
    this.logger.debug({ from: context.at(-1) }, String(message));
  }

  warn(message: unknown, ...context: unknown[]): void {
    this.logger.warn({ from: context.at(-1) }, String(message));
  }

  error(message: unknown, ...details: unknown[]): void {
    this.logger.error(
      { from: details.at(-1), error: message instanceof Error ? message : undefined, details: details[0] },
      String(message),
    );
  }
}

export type { Logger };
