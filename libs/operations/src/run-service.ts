import type { Server } from 'node:http';
import type { DynamicModule, INestApplication, INestApplicationContext, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { allowSlowAddresses } from '@horde/network';
import { loadSettings, SettingsError, unreadOf } from '@horde/settings';
import { CannotStart, throwTaken } from './listen.ts';
import { createLogger, FrameworkLogger, type Logger } from './logger.ts';

/** How long a service may take to stop before it is ended. @unit ms */
const stopLimit = 10_000;

export interface ServiceOptions<S extends object> {
  /** Its name in logs and messages: `miner`. */
  name: string;
  settings: new () => S;
  /** Variables that begin like this and are unknown are reported. */
  prefixes?: string[];
  module: (settings: S, logger: Logger) => Type | DynamicModule | Promise<Type | DynamicModule>;
  /** Where it listens for HTTP; none: it does not. */
  listen?: (settings: S) => { host: string; port: number };
  /** Told of an error that nobody caught. @returns whether the service ends by itself, having something to say first */
  uncaught?: (error: unknown) => boolean;
  /** Called when the service runs; an HTTP service has been given its port. */
  started?: (app: INestApplicationContext, settings: S, http: Server | null) => Promise<void> | void;
}

/**
 * Starts a service: reads its settings, starts its parts, listens, and stops gracefully on SIGTERM or SIGINT.
 * A second signal, or ten seconds, ends it at once. Wrong settings end it with exit code 2 and a sentence each.
 */
export async function runService<S extends object>(options: ServiceOptions<S>): Promise<void> {
  const logger = loggerOf(options.name);
  allowSlowAddresses();
  process.on('unhandledRejection', (error) =>
    logger.error({ error }, 'a promise was rejected and nobody looked'),
  );
  // By itself Node would print the error with all that belongs to it, secrets included.
  process.on('uncaughtException', (error) => {
    logger.fatal({ error }, 'an error was not caught');
    if (!options.uncaught?.(error)) process.exit(1);
  });
  try {
    const { settings, unknown } = loadSettings(options.settings, process.env, options.prefixes);
    for (const variable of unknown)
      logger.warn(`${variable} is set, but ${options.name} knows no such setting.`);
    for (const { name, why } of unreadOf(options.name, process.env))
      logger.warn(`${name} is set, and not read: ${why}.`);
    const app = await create(options, settings, logger);
    stopOnSignals(app, logger);
    let http: Server | null = null;
    if (options.listen) {
      const { host, port } = options.listen(settings);
      const server = app as INestApplication;
      await server.listen(port, host).catch((error: unknown) => throwTaken(error, host, port));
      http = server.getHttpServer() as Server;
      logger.info({ address: http.address() }, `${options.name} listens`);
    } else {
      await app.init();
    }
    await options.started?.(app, settings, http);
  } catch (error) {
    fail(options.name, error, logger);
  }
}

async function create<S extends object>(options: ServiceOptions<S>, settings: S, logger: Logger) {
  const module = await options.module(settings, logger);
  const nest = { logger: new FrameworkLogger(logger), abortOnError: false };
  // Bodies are read by each service itself: JSON must keep its digits, and signatures cover the exact bytes.
  if (options.listen)
    return NestFactory.create(module, { ...nest, bodyParser: false, forceCloseConnections: true });
  return NestFactory.createApplicationContext(module, nest);
}

function stopOnSignals(app: INestApplicationContext, logger: Logger): void {
  let stopping = false;
  const stop = (signal: NodeJS.Signals) => {
    if (stopping) process.exit(1);
    stopping = true;
    logger.info(`${signal}: stopping`);
    setTimeout(() => {
      logger.error(`did not stop within ${stopLimit / 1000} s: ended`);
      process.exit(1);
    }, stopLimit).unref();
    app.close().then(
      () => process.exit(0),
      (error: unknown) => {
        logger.error({ error }, 'stopping failed');
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}

function loggerOf(name: string): Logger {
  try {
    return createLogger(name);
  } catch (error) {
    refuseSettings(name, error);
    throw error;
  }
}

/** Ends the process when it is the settings that are wrong. */
function refuseSettings(name: string, error: unknown): void {
  if (!(error instanceof SettingsError)) return;
  process.stderr.write(
    `${name} cannot start:\n${error.sentences.map((sentence) => `  ${sentence}\n`).join('')}`,
  );
  process.exit(2);
}

function fail(name: string, error: unknown, logger: Logger): never {
  refuseSettings(name, error);
  if (error instanceof CannotStart) {
    process.stderr.write(`${name} cannot start:\n  ${error.message}\n`);
    process.exit(1);
  }
  logger.fatal({ error }, `${name} cannot start: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
}
