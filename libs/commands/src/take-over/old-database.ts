import { isIP } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { UsageError } from '../usage-error.ts';

/** A statement there takes no longer than this; what is asked reads some thousand rows. @unit ms */
const statementLimit = 60_000;
/** How long it may take to connect. @unit ms */
const connectLimit = 10_000;
/** How long a server may take to be there that is starting: one that was killed replays its log first. @unit ms */
const startLimit = 600_000;
/** What such a server says. */
const starting = '57P03';
/** Between two questions receipts are verified and stored. @unit ms */
const idleLimit = 600_000;

/** As it is set for the session; the first is what keeps anything from being written. */
const sessionSettings = {
  default_transaction_read_only: 'on',
  statement_timeout: statementLimit,
  lock_timeout: 5_000,
  idle_in_transaction_session_timeout: idleLimit,
  timezone: 'UTC',
  search_path: 'public',
};

/** The database of ComputeHorde's own miner or validator: it is read, and never written. */
export class OldDatabase {
  private constructor(
    private readonly client: pg.Client,
    private readonly columns: ReadonlyMap<string, ReadonlySet<string>>,
    /** Where it is, without user and password. */
    readonly place: string,
  ) {}

  /**
   * @param url `postgres://user:password@host:port/database`
   * @throws UsageError for what is no such URL; Error with a sentence when it cannot be used
   */
  static async open(url: string): Promise<OldDatabase> {
    const place = placeOf(url);
    try {
      for (const since = performance.now(); ;) {
        const opened = await OldDatabase.connected(url, place, performance.now() - since < startLimit);
        if (opened) return opened;
        await sleep(1_000);
      }
    } catch (error) {
      throw new Error(`The database at ${place} cannot be read: ${(error as Error).message}.`, {
        cause: error,
      });
    }
  }

  /** @param isPatient whether one that is starting is waited for @returns null: that one is */
  private static async connected(
    url: string,
    place: string,
    isPatient: boolean,
  ): Promise<OldDatabase | null> {
    const client = new pg.Client({
      connectionString: url,
      application_name: 'take_over',
      connectionTimeoutMillis: connectLimit,
      query_timeout: statementLimit + connectLimit,
      options: Object.entries(sessionSettings)
        .map(([name, value]) => `-c ${name}=${value}`)
        .join(' '),
    });
    client.on('error', () => undefined); // the question that waits rejects
    try {
      await client.connect();
      const { rows } = await client.query<{ table: string; columns: string[] }>(
        `select table_name::text as table, array_agg(column_name::text) as columns
         from information_schema.columns where table_schema = 'public' group by table_name`,
      );
      const columns = new Map(rows.map((row) => [row.table, new Set(row.columns)]));
      return new OldDatabase(client, columns, place);
    } catch (error) {
      await client.end().catch(() => undefined);
      if (isPatient && (error as pg.DatabaseError).code === starting) return null;
      throw error;
    }
  }

  /** Whether it has a table with these columns: releases differ. */
  has(table: string, ...columns: string[]): boolean {
    const known = this.columns.get(table);
    return known !== undefined && columns.every((column) => known.has(column));
  }

  /** Runs `work` with the database as it is at one moment. */
  async look<T>(work: () => Promise<T>): Promise<T> {
    await this.client.query('begin isolation level repeatable read read only');
    try {
      return await work();
    } finally {
      await this.client.query('rollback').catch(() => undefined);
    }
  }

  /** What a question brings, within `look`. */
  async rows<T extends object>(sql: string, values: unknown[] = []): Promise<T[]> {
    return (await this.client.query<T>(sql, values)).rows;
  }

  async close(): Promise<void> {
    await this.client.end().catch(() => undefined);
  }
}

function placeOf(url: string): string {
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    throw new UsageError('What was given is no URL: postgres://USER:PASSWORD@HOST:PORT/DATABASE.');
  }
  if (!/^postgres(ql)?:$/.test(parsed.protocol))
    throw new UsageError('The URL has to be one of Postgres: postgres://USER:PASSWORD@HOST:PORT/DATABASE.');
  const { hostname, port, pathname } = parsed;
  const host = isIP(hostname) === 6 ? `[${hostname}]` : hostname;
  return `${host || 'localhost'}${port && `:${port}`}${pathname}`;
}
