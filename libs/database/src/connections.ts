import * as pg from 'pg';

/** How long it may take to connect, and to be given a connection of the pool. @unit ms */
const connectLimit = 10_000;
/** How long the server works on one statement before it gives up. @unit ms */
const statementLimit = 15_000;
/** How long a transaction may stand open with nothing asked in it before the server ends it. @unit ms */
const idleInTransactionLimit = 30_000;
/** How long a pool keeps a connection that is not used: longer than what is done again and again pauses. @unit ms */
export const keptUnused = 30_000;
/** A server that is silent for so long after a question is gone: it would have given up before. @unit ms */
const silenceLimit = 20_000;
/** The system asks for a sign of life after so much silence; ten seconds without one end the connection. @unit ms */
const keepAliveDelay = 5_000;
/**
 * The server looks for clients that are gone in the same way, and gives away the locks that they held. It compiles no
 * statement: that takes longer than any of them.
 */
const serverOptions =
  '-c tcp_keepalives_idle=5 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=2 -c jit=off';

export interface ConnectionOptions {
  /** `postgres://user:password@host:port/database`; its parameters count before what is set here. */
  url: string;
  /** What the server lists the connection as. */
  name: string;
  /** Raw statements find the tables of this schema without naming it. */
  schema?: string;
  /** Its statements may take as long as they like: migrations, and those who wait for a lock. @default false */
  isPatient?: boolean;
}

/** How every connection to Postgres is made: none waits for ever for a server that has vanished. */
export function connectionConfig(options: ConnectionOptions): pg.ClientConfig {
  const { url, name, schema, isPatient = false } = options;
  return {
    connectionString: url,
    application_name: name,
    connectionTimeoutMillis: connectLimit,
    keepAlive: true,
    keepAliveInitialDelayMillis: keepAliveDelay,
    options: schema === undefined ? serverOptions : `${serverOptions} -c search_path=${schema}`,
    ...(!isPatient && {
      statement_timeout: statementLimit,
      idle_in_transaction_session_timeout: idleInTransactionLimit,
    }),
  };
}

/** What pg does not declare. */
interface Internals {
  connection: { stream: import('node:net').Socket };
  readyForQuery: boolean;
  _ending: boolean;
}

/**
 * A connection that ends by itself, like one that was cut, when the server leaves a statement without any answer for
 * twenty seconds. pg's own limit for a query would leave the connection in use, with the lost query before all others.
 */
export class WatchedClient extends pg.Client {
  /** @param watch `isPatient`: the server may take as long as it likes for an answer */
  constructor(config?: string | pg.ClientConfig, { isPatient = false } = {}) {
    super(config);
    // A cut fails what is under way, and the process would end where nobody listens: BullMQ does not while it sets itself up.
    this.on('error', () => undefined);
    if (isPatient) return;
    const internals = this as unknown as Internals;
    this.once('connect', () => {
      const { stream } = internals.connection;
      stream.setTimeout(silenceLimit);
      stream.on('timeout', () => {
        if (!internals.readyForQuery || internals._ending) stream.destroy();
      });
    });
  }

  /** Ends the connection at once, without a farewell to a server that may be away. */
  cut(): void {
    (this as unknown as Internals).connection.stream.destroy();
  }
}
