import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { appendFile, readFile } from 'node:fs/promises';

/** A host showed a key that it must not have; the message says which and what to do. */
export class HostKeyRefused extends Error {
  override readonly name = 'HostKeyRefused';

  /** @param unknown the fingerprint of a key that is the first of its host; null: another one is known */
  constructor(
    message: string,
    readonly unknown: string | null = null,
  ) {
    super(message);
  }
}

export interface KnownHostsOptions {
  /** A file in the form of OpenSSH's known_hosts. */
  file: string;
  /** Whether a host without a line gets one with the key that it shows; otherwise it is refused. */
  pin: boolean;
  /**
   * A host without a line gets one with the key that it shows if that has this fingerprint, `SHA256:…`; null: none is known
   * yet, and the file need not be there.
   */
  fingerprint?: string | null;
}

interface Line {
  revoked: boolean;
  hosts: string;
  key: Buffer;
}

/** The keys of hosts, by a known_hosts file that is read for every question. */
export class KnownHosts {
  /** The question before the next one: of two first links to a host the second has to see what the first pinned. */
  private last: Promise<unknown> = Promise.resolve();
  /** Pinned in this process: holds where the file cannot be written. */
  private readonly pinned = new Map<string, Buffer>();

  constructor(
    private readonly options: KnownHostsOptions,
    private readonly log: (sentence: string) => void,
  ) {}

  /** The key types that are known for a host, in OpenSSH's names. */
  async types(host: string, port: number): Promise<string[]> {
    const lines = await this.linesOf(host, port);
    return lines.filter(({ revoked }) => !revoked).map(({ key }) => keyType(key));
  }

  /** @throws HostKeyRefused when the host must not have this key */
  check(host: string, port: number, key: Buffer): Promise<void> {
    const checked = this.last.then(() => this.checkNext(host, port, key));
    this.last = checked.catch(() => {});
    return checked;
  }

  private async checkNext(host: string, port: number, key: Buffer): Promise<void> {
    const { file, pin, fingerprint } = this.options;
    const lines = await this.linesOf(host, port);
    const same = lines.filter((line) => line.key.equals(key));
    if (same.some(({ revoked }) => revoked)) {
      throw new HostKeyRefused(`${file} says that the key of ${host} is revoked.`);
    }
    if (same.length > 0) return;
    const others = lines.filter(({ revoked }) => !revoked);
    if (others.length > 0) {
      const were = others.map((line) => describe(line.key)).join(' or ');
      throw new HostKeyRefused(
        `The key of ${host} port ${port} has changed: it was ${were} and is now ${describe(key)}. Another machine may ` +
          `answer in its place. If the change is meant, remove the host's line from ${file}.`,
      );
    }
    const shown = fingerprintOf(key);
    if (fingerprint && fingerprint !== shown)
      throw new HostKeyRefused(
        `${host} port ${port} shows ${describe(key)}, and its key was to have ${fingerprint}.`,
        shown,
      );
    if (!pin && !fingerprint) {
      throw new HostKeyRefused(
        `${file} has no key of ${host} port ${port}, which shows ${describe(key)}. Compare it with the host's, and add it: ` +
          `ssh-keyscan -p ${port} ${host} >> ${file}`,
        shown,
      );
    }
    await this.remember(host, port, key);
  }

  private async remember(host: string, port: number, key: Buffer): Promise<void> {
    const { file } = this.options;
    const name = nameOf(host, port);
    this.pinned.set(name, key);
    this.log(
      `The key of ${host} port ${port} was not known: ${describe(key)} is taken for it from now on (${file}).`,
    );
    try {
      // Behind an end that was torn off, or written by hand, the line would be a part of that host's.
      const begin = (await readIfThere(file)).match(/[^\n]$/) ? '\n' : '';
      const line = `${name} ${keyType(key)} ${key.toString('base64')}\n`;
      await appendFile(file, begin + line, { mode: 0o600 });
    } catch (error) {
      this.log(`It could not be written, and is forgotten at the end: ${(error as Error).message}.`);
    }
  }

  private async linesOf(host: string, port: number): Promise<Line[]> {
    const { file, pin, fingerprint } = this.options;
    const text = await (pin || fingerprint !== undefined ? readIfThere(file) : readFile(file, 'utf8')).catch(
      (error: Error) => {
        throw new HostKeyRefused(`The host keys cannot be read: ${error.message}.`);
      },
    );
    const name = nameOf(host, port);
    const lines = text.split('\n').flatMap(parseLine);
    const inMemory = this.pinned.get(name);
    const found = lines.filter(({ hosts }) => names(hosts, name));
    return found.length === 0 && inMemory ? [{ revoked: false, hosts: name, key: inMemory }] : found;
  }
}

const readIfThere = (file: string): Promise<string> =>
  readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });

function parseLine(line: string): Line[] {
  const words = line.trim().split(/\s+/);
  const marker = words[0]?.startsWith('@') ? words.shift() : undefined;
  const [hosts, , key] = words;
  if (!hosts || hosts.startsWith('#') || !key || marker === '@cert-authority') return [];
  return [{ revoked: marker === '@revoked', hosts, key: Buffer.from(key, 'base64') }];
}

/** Whether the first field of a line names a host: in the open, as a pattern, or hashed. */
function names(field: string, name: string): boolean {
  const hashed = /^\|1\|(?<salt>[^|]+)\|(?<hash>[^|]+)$/.exec(field)?.groups;
  if (hashed) {
    const hash = createHmac('sha1', Buffer.from(hashed['salt']!, 'base64')).update(name).digest();
    const expected = Buffer.from(hashed['hash']!, 'base64');
    return hash.length === expected.length && timingSafeEqual(hash, expected);
  }
  const patterns = field.split(',');
  const matches = (pattern: string) => asRegExp(pattern).test(name);
  return (
    !patterns.some((pattern) => pattern.startsWith('!') && matches(pattern.slice(1))) &&
    patterns.some((pattern) => !pattern.startsWith('!') && matches(pattern))
  );
}

const asRegExp = (pattern: string): RegExp =>
  new RegExp(
    `^${pattern
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('?', '.')}$`,
    'i',
  );

const nameOf = (host: string, port: number): string =>
  port === 22 ? host.toLowerCase() : `[${host.toLowerCase()}]:${port}`;

/** The type that a key's bytes begin with. */
const keyType = (key: Buffer): string =>
  key.length < 4 ? '' : key.subarray(4, 4 + key.readUInt32BE(0)).toString();

const fingerprintOf = (key: Buffer): string =>
  `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;

const describe = (key: Buffer): string => `${keyType(key)} ${fingerprintOf(key)}`;
