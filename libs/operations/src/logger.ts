import { AsyncLocalStorage } from 'node:async_hooks';
import type { LoggerService } from '@nestjs/common';
import { isatty } from 'node:tty';
import { SettingsError, trimValue } from '@horde/settings';
import { logText } from './log-text.ts';
import { withSourcePlaces } from './source-places.ts';
import { pino, type DestinationStream, type Logger, type LoggerOptions } from 'pino';

/** Facts that stand in every line written while one job or one peer is served; the last three are hotkeys. */
export interface LogContext {
  /** The job's uuid, as it is called on the link. */
  job?: string;
  /** Of the links that a service has, that which the line is about. */
  link?: 'executor';
  user?: string;
  validator?: string;
  miner?: string;
}

/** The name under which a service's logger is injected. */
export const LOGGER = Symbol('LOGGER');

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

const levels = [...Object.keys(pino.levels.values), 'silent'];

/** Where lines go; a stream of Node's knows whether it is a terminal. */
type Destination = DestinationStream & { isTTY?: boolean };

/**
 * Writes lines, on standard output unless told otherwise: LOG_FORMAT `json` for programs, `text` for people, `auto` (the
 * default) `text` on a terminal and `json` elsewhere. Level by LOG_LEVEL (default `info`).
 *
 * @throws SettingsError when one of the two is none
 */
export function createLogger(service: string, destination?: Destination): Logger {
  const level = chosen('LOG_LEVEL', levels, 'info');
  const format = chosen('LOG_FORMAT', ['auto', 'json', 'text'], 'auto');
  const isTerminal = destination ? destination.isTTY === true : isatty(1);
  const options: LoggerOptions = {
    base: { service },
    level,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (level) => ({ level }) },
    // A copy: pino writes each line's own fields into it.
    mixin: () => ({ ...contexts.getStore() }),
    redact: { paths: secretNames.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]), censor: '[secret]' },
    serializers: { error: (error: unknown) => errorFacts(error) },
  };
  const lines = destination ?? pino.destination(1);
  const isText = format === 'text' || (format === 'auto' && isTerminal);
  return pino(options, isText ? { write: (line) => lines.write(logText(line)) } : lines);
}

/** The value of a variable, in small letters. @throws SettingsError unless it is one of these */
function chosen(variable: string, values: string[], usual: string): string {
  const value = trimValue(process.env[variable] ?? '') || usual;
  if (values.includes(value.toLowerCase())) return value.toLowerCase();
  throw new SettingsError([`${variable} is "${value}": it must be one of ${values.join(', ')}.`]);
}

/** Errors that are causes or parts of others are written down to this depth, and so many parts of each. */
const maxNested = 4;

/**
 * What is written of an error. Its further properties are not: a database's error carries the values of its query, a
 * wrong URL's error the URL with its password, a queue's error the login that was refused.
 */
function errorFacts(error: unknown, depth = 0): unknown {
  if (!(error instanceof Error)) return error;
  const { name, message, stack, cause } = error;
  const { code, errors } = error as { code?: unknown; errors?: unknown };
  const inner = (nested: unknown) => (depth < maxNested ? errorFacts(nested, depth + 1) : String(nested));
  return {
    type: name,
    message,
    stack: stack === undefined ? undefined : withSourcePlaces(stack),
    ...(code !== undefined && { code }),
    ...(cause instanceof Error && { cause: inner(cause) }),
    ...(Array.isArray(errors) && {
      errors: errors
        .filter((one) => one instanceof Error)
        .slice(0, maxNested)
        .map(inner),
    }),
  };
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
