import { chmod, chown, open, readFile, realpath, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { ExecutorClass } from '@horde/protocol';
import { isMap, isScalar, parseDocument, stringify, type Pair, type YAMLMap } from 'yaml';
import { parseServers, ServersFileError, type ServerSpec } from './servers-file.ts';

/** Settings of a server under their names in the file. */
export type ServerSettings = Record<string, string | number | boolean>;

/** The file's text with a further server at its end. */
export function withServer(text: string, name: string, settings: ServerSettings): string {
  const begin = text === '' || text.endsWith('\n') ? text : `${text}\n`;
  return `${begin}${stringify({ [name]: settings }, yaml)}`;
}

/** The file's text without a server; comments above it stay. @throws Error where that cannot be told from its neighbours */
export function withoutServer(text: string, name: string): string {
  const { pair, map } = find(text, name);
  const [start, end] = [startOf(pair), map.range![1]];
  const newLine = text.indexOf('\n', end);
  const behind = text[end - 1] === '\n' ? end : newLine === -1 ? text.length : newLine + 1;
  return text.slice(0, start) + text.slice(behind);
}

/** The file's text with a setting of a server that is another one now. @param value null: it has none any more */
export function withSetting(
  text: string,
  name: string,
  key: string,
  value: ServerSettings[string] | null,
): string {
  const { map } = find(text, name);
  const at = map.items.findIndex((item) => isScalar(item.key) && item.key.value === key);
  const pair = map.items[at];
  if (value === null) {
    if (!pair) return text;
    const next = map.items[at + 1];
    if (next) return text.slice(0, startOf(pair)) + text.slice(startOf(next));
    throw new Error(`${key} is the last setting of ${name}`);
  }
  const written = stringify(value, yaml).trimEnd();
  if (pair) {
    if (!isScalar(pair.value) || !pair.value.range) throw new Error(`${key} of ${name} is no plain value`);
    const [start, end] = pair.value.range;
    return text.slice(0, start) + written + text.slice(end);
  }
  // Before the first one: there is no doubt where that is, in braces or below each other.
  const first = startOf(map.items[0]!);
  const line = text.slice(text.lastIndexOf('\n', first - 1) + 1, first);
  const between = map.flow ? ', ' : `\n${/^\s*$/.exec(line)?.[0] ?? ''}`;
  return `${text.slice(0, first)}${key}: ${written}${between}${text.slice(first)}`;
}

/**
 * Changes the file as a whole or not at all, with what others have written into it meanwhile.
 *
 * @param edit makes the new text of the old one
 * @param expected makes of the servers that it names those that it is to name then
 * @throws ServersFileError where the file cannot be used, or cannot be changed so
 */
export async function editServersFile(
  file: string,
  defaultClass: ExecutorClass,
  edit: (text: string) => string,
  expected: (servers: ServerSpec[]) => ServerSpec[],
): Promise<void> {
  const place = await realpath(file);
  const before = await readFile(place, 'utf8');
  const servers = parseServers(before, file, defaultClass);
  let after: string;
  try {
    after = edit(before);
    const found = parseServers(after, file, defaultClass);
    if (!isDeepStrictEqual(found, expected(servers))) throw new Error('it would change others');
  } catch (error) {
    const why = (error as Error).message.split('\n')[0]!.replace(/\.$/, '');
    throw new ServersFileError(
      `${file} is written in a way that cannot be changed from here: ${why}. Change it by hand; nothing was written.`,
    );
  }
  if (after !== before) await replace(place, after);
}

const yaml = { version: '1.1', lineWidth: 0 } as const;

function find(text: string, name: string): { pair: Pair; map: YAMLMap } {
  const { contents } = parseDocument(text, { version: '1.1', merge: true });
  const items = isMap(contents) ? contents.items : [];
  const pair = items.find(({ key }) => isScalar(key) && String(key.value) === name);
  if (!pair || !isMap(pair.value) || pair.value.items.length === 0)
    throw new Error(`${name} has no settings of its own`);
  return { pair, map: pair.value };
}

function startOf({ key }: Pair): number {
  if (!isScalar(key) || !key.range) throw new Error('a name is no plain text');
  return key.range[0];
}

/** Puts a new file in the place of another one, with its owner and rights. */
async function replace(file: string, text: string): Promise<void> {
  const { mode, uid, gid } = await stat(file);
  const next = path.join(path.dirname(file), `.${path.basename(file)}.new-${process.pid}`);
  try {
    const handle = await open(next, 'wx', 0o600);
    try {
      await handle.writeFile(text);
      await chmod(next, mode & 0o7777);
      // Whose file it is, matters to its owner; whoever may write here need not be allowed to give it away.
      await chown(next, uid, gid).catch(() => undefined);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(next, file);
  } catch (error) {
    await rm(next, { force: true });
    throw new ServersFileError(
      `${file} cannot be written: ${(error as Error).message}. Nothing was changed.`,
    );
  }
}
