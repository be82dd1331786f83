import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';

interface ReportedFile {
  /** Relative to the folder, with slashes. */
  path: string;
  /** Runs of bytes other than ASCII's white space (space, tab, newline, vertical tab, form feed, carriage return). */
  words: number;
  bytes: number;
  /** Lower-case hex. */
  sha256: string;
}

/** What the word-count image writes, see examples/word-count. */
export interface Report {
  /** Sorted by path, as bytes. */
  files: ReportedFile[];
  totals: { files: number; words: number; bytes: number };
}

/**
 * Computes, on this machine, the report that the word-count image has to give for a folder: each regular file below it,
 * hidden ones included, links left alone.
 *
 * @throws Error when a path is not UTF-8
 */
export async function wordCountReport(folder: string): Promise<Report> {
  const paths = await filesBelow(Buffer.from(folder), '');
  const files: ReportedFile[] = [];
  for (const path of paths.sort(byBytes)) files.push({ path, ...(await countFile(`${folder}/${path}`)) });
  const sum = (field: 'words' | 'bytes') => files.reduce((total, file) => total + file[field], 0);
  return { files, totals: { files: files.length, words: sum('words'), bytes: sum('bytes') } };
}

async function filesBelow(folder: Buffer, prefix: string): Promise<string[]> {
  const paths: string[] = [];
  for (const entry of await readdir(folder, { encoding: 'buffer', withFileTypes: true })) {
    const path = prefix + utf8(entry.name);
    if (entry.isFile()) paths.push(path);
    if (entry.isDirectory()) {
      const inside = Buffer.concat([folder, Buffer.from('/'), entry.name]);
      paths.push(...(await filesBelow(inside, `${path}/`)));
    }
  }
  return paths;
}

function utf8(name: Buffer): string {
  const text = name.toString('utf8');
  if (!Buffer.from(text).equals(name))
    throw new Error(`The name of the file ${JSON.stringify(text)} is not UTF-8.`);
  return text;
}

function byBytes(one: string, other: string): number {
  return Buffer.compare(Buffer.from(one), Buffer.from(other));
}

const TAB = 9;
const CARRIAGE_RETURN = 13;
const SPACE = 32;

async function countFile(file: string): Promise<Omit<ReportedFile, 'path'>> {
  const hash = createHash('sha256');
  let words = 0;
  let bytes = 0;
  let inWord = false;
  for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) {
    hash.update(chunk);
    bytes += chunk.length;
    for (const byte of chunk) {
      const white = byte === SPACE || (byte >= TAB && byte <= CARRIAGE_RETURN);
      if (!white && !inWord) words++;
      inWord = !white;
    }
  }
  return { words, bytes, sha256: hash.digest('hex') };
}
