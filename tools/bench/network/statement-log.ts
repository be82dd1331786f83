import { open, type FileHandle } from 'node:fs/promises';
import type pg from 'pg';

/** What services have asked Postgres for. */
export interface Asked {
  /** How often each statement was run, by service and text; without those that only begin and end transactions. */
  statements: Map<string, Map<string, number>>;
  /** By service. A statement outside of a transaction is one by itself. */
  transactions: Map<string, number>;
  /** By service: transactions with a statement that changes rows, or locks them. */
  writes: Map<string, number>;
}

const mark = '\u0001';
const changes = /\b(insert into|update|delete from)\b/i;

/**
 * All that a server is asked for, by the service that asks, from the server's own log. Writing it costs the server much:
 * nothing is timed meanwhile.
 */
export class StatementLog {
  private constructor(
    private readonly database: pg.Client,
    private readonly file: FileHandle,
    private readonly from: number,
  ) {}

  static async start(database: pg.Client, logFile: string): Promise<StatementLog> {
    await database.query(`alter system set log_line_prefix = '${mark}%a${mark}%c${mark}'`);
    await database.query(`alter system set log_statement = 'all'`);
    await database.query('select pg_reload_conf()');
    const file = await open(logFile);
    return new StatementLog(database, file, (await file.stat()).size);
  }

  async end(): Promise<Asked> {
    await this.database.query('alter system reset log_statement');
    await this.database.query('select pg_reload_conf()');
    const buffer = Buffer.alloc((await this.file.stat()).size - this.from);
    await this.file.read(buffer, 0, buffer.length, this.from);
    await this.file.close();
    return asked(buffer.toString('utf8'));
  }
}

/** Reads a server's log of lines with the prefix of above. */
function asked(log: string): Asked {
  const found: Asked = { statements: new Map(), transactions: new Map(), writes: new Map() };
  /** Of each connection that is in a transaction: whether that has changed something. */
  const open = new Map<string, boolean>();
  const [, ...parts] = log.split(mark);
  for (let at = 0; at + 2 < parts.length; at += 3) {
    const [name, connection, said] = parts.slice(at, at + 3) as [string, string, string];
    // Connections may say behind it what they are for: "facilitator (doorbell)".
    const [service = ''] = name.split(' ');
    const text = /^LOG: {2}(?:statement|execute [^:]*): (.*)$/s.exec(said)?.[1]?.trim();
    if (!text) continue;
    const word = /^\w+/.exec(text)?.[0].toLowerCase() ?? '';
    const ends = ['commit', 'rollback', 'end'].includes(word);
    if (['start', 'begin'].includes(word)) open.set(connection, false);
    else if (!ends) {
      const short = text.replaceAll(/\s+/g, ' ').replaceAll(/'[^']*'/g, "'…'");
      const counts = found.statements.get(service) ?? new Map<string, number>();
      found.statements.set(service, counts);
      add(counts, short);
      if (open.has(connection)) open.set(connection, open.get(connection)! || changes.test(text));
    }
    if (ends || !open.has(connection)) {
      add(found.transactions, service);
      if (ends ? open.get(connection) : changes.test(text)) add(found.writes, service);
    }
    if (ends) open.delete(connection);
  }
  return found;
}

const add = (counts: Map<string, number>, key: string) => counts.set(key, (counts.get(key) ?? 0) + 1);
