/**
 * How a backup is written before it is compressed and encrypted: a text that psql reads, too, when the tables are there.
 *
 * ```
 * -- horde backup 1 {"service":"miner","at":"…","migrations":["…"]}
 * COPY miner."job" ("uuid", "status") FROM stdin;
 * …
 * \.
 * SELECT setval('miner."job_id_seq"', 12, true);
 * -- end
 * ```
 */
export interface BackupHead {
  service: string;
  /** When what it has was so. ISO 8601 */
  at: string;
  /** The migrations that the tables had gone through, in their order. */
  migrations: string[];
}

export const headLine = (head: BackupHead): string => `-- horde backup 1 ${JSON.stringify(head)}\n`;
export const endLine = '-- end\n';

/** It is none, a part of one, or one that this version cannot read. */
export class UnreadableBackup extends Error {}

export type BackupPart =
  | { kind: 'rows'; table: string; columns: string[]; lines: AsyncIterable<Buffer> }
  | { kind: 'counter'; sequence: string; value: string; isCalled: boolean };

const name = '"((?:[^"]|"")+)"';
const copyLine = new RegExp(`^COPY ([a-z_]+)\\.${name} \\((${name}(?:, ${name})*)\\) FROM stdin;$`);
const counterLine = new RegExp(`^SELECT setval\\('([a-z_]+)\\.${name}', (\\d+), (true|false)\\);$`);
const plain = (quoted: string): string => quoted.replaceAll('""', '"');

/** Reads a backup from its beginning. What it says is data: nothing but these kinds of lines is understood. */
export class BackupText {
  private readonly lines: AsyncIterator<Buffer>;

  constructor(text: AsyncIterable<Uint8Array>) {
    this.lines = linesOf(text);
  }

  /** @throws UnreadableBackup */
  async head(): Promise<BackupHead> {
    const [, version, written = ''] =
      /^-- horde backup (\d+) (\{.*\})$/.exec((await this.next()) ?? '') ?? [];
    if (version === undefined) throw new UnreadableBackup('It is no backup of ours.');
    if (version !== '1')
      throw new UnreadableBackup(`It is of kind ${version}, which this version cannot read.`);
    const { service, at, migrations } = JSON.parse(written) as Partial<BackupHead>;
    if (typeof service !== 'string' || typeof at !== 'string' || !Array.isArray(migrations))
      throw new UnreadableBackup('It does not say whose it is.');
    return { service, at, migrations };
  }

  /** What follows, to its end. @throws UnreadableBackup where that is not the end of a whole one */
  async *parts(service: string): AsyncIterable<BackupPart> {
    for (;;) {
      const line = await this.next();
      if (line === null) throw new UnreadableBackup('It ends before its end: the rest was lost.');
      if (line === endLine.trimEnd()) return;
      const [, schema, table, columns] = copyLine.exec(line) ?? [];
      const [, owner, sequence, value, isCalled] = counterLine.exec(line) ?? [];
      if (schema === service) {
        const lines = this.rows();
        yield {
          kind: 'rows',
          table: plain(table!),
          columns: columns!.slice(1, -1).split('", "').map(plain),
          lines,
        };
      } else if (owner === service) {
        yield { kind: 'counter', sequence: plain(sequence!), value: value!, isCalled: isCalled === 'true' };
      } else
        throw new UnreadableBackup(
          `It says ${JSON.stringify(line.slice(0, 80))}, which a backup of ${service} does not.`,
        );
    }
  }

  private async *rows(): AsyncIterable<Buffer> {
    for (;;) {
      const { done, value } = await this.lines.next();
      if (done) throw new UnreadableBackup('It ends amid the rows of a table: the rest was lost.');
      if (value.length === 3 && value.equals(endOfRows)) return;
      yield value;
    }
  }

  /** Null at the end, and where a line has none. */
  private async next(): Promise<string | null> {
    const { done, value } = await this.lines.next();
    return done || value.at(-1) !== 10 ? null : value.toString('utf8', 0, value.length - 1);
  }
}

const endOfRows = Buffer.from('\\.\n');

/** Each with its end. The last one of a text that was cut has none. */
async function* linesOf(text: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer, void> {
  let begun: Buffer[] = [];
  for await (const chunk of text) {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    let from = 0;
    for (let at = bytes.indexOf(10); at !== -1; at = bytes.indexOf(10, from)) {
      const piece = bytes.subarray(from, at + 1);
      yield begun.length === 0 ? piece : Buffer.concat([...begun, piece]);
      begun = [];
      from = at + 1;
    }
    if (from < bytes.length) begun.push(bytes.subarray(from));
  }
  if (begun.length > 0) yield Buffer.concat(begun);
}
