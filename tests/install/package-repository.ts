import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  createReadStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** Repositories of packages that servers on this machine's bridge reach, signed by a key of its own. */
export class PackageRepositories {
  readonly folder = mkdtempSync(path.join(tmpdir(), 'horde-repositories-'));
  /** What answers 404 although it is there: a part of an address. */
  hidden: string | null = null;
  readonly fingerprint: string;
  readonly #server: Server;

  private constructor() {
    mkdirSync(path.join(this.folder, 'gpg'), { mode: 0o700 });
    mkdirSync(path.join(this.folder, 'served'));
    this.#gpg('--passphrase', '', '--quick-gen-key', 'test', 'rsa2048', 'sign', '0');
    this.fingerprint = /^fpr:*([0-9A-F]+):$/m.exec(this.#gpg('--list-keys', '--with-colons'))![1]!;
    this.#server = createServer((request, answer) => {
      const file = path.join(this.folder, 'served', path.normalize(decodeURIComponent(request.url!)));
      if ((this.hidden && file.includes(this.hidden)) || !existsSync(file)) answer.writeHead(404).end();
      else createReadStream(file).pipe(answer);
    });
  }

  static async open(): Promise<PackageRepositories> {
    const one = new PackageRepositories();
    await new Promise<void>((resolve) => one.#server.listen(0, '0.0.0.0', resolve));
    return one;
  }

  /** @param host this machine, as servers reach it */
  address(host: string): string {
    return `http://${host}:${(this.#server.address() as AddressInfo).port}`;
  }

  #gpg(...words: string[]): string {
    return execFileSync('gpg', ['--homedir', path.join(this.folder, 'gpg'), '--batch', '--quiet', ...words], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  }

  /**
   * Makes a package.
   *
   * @param fill gets the folder of its files
   * @returns its file
   */
  pack(control: Record<string, string>, fill: (root: string) => void): string {
    const root = path.join(this.folder, 'pack');
    mkdirSync(path.join(root, 'DEBIAN'), { recursive: true });
    const fields = {
      Architecture: 'amd64',
      Maintainer: 'test <test@localhost>',
      Description: 'stands in',
      ...control,
    };
    writeFileSync(
      path.join(root, 'DEBIAN/control'),
      Object.entries(fields)
        .map(([name, value]) => `${name}: ${value}\n`)
        .join(''),
    );
    fill(root);
    const file = path.join(this.folder, `${control['Package']}.deb`);
    execFileSync('dpkg-deb', ['--root-owner-group', '-Zgzip', '-z1', '-b', root, file], { stdio: 'ignore' });
    rmSync(root, { recursive: true });
    return file;
  }

  /** Lays out a repository with one suite and one part, as Docker's has it, and its key in letters as `gpg`. */
  publish(place: string, suite: string, part: string, packages: string[]): void {
    const served = path.join(this.folder, 'served', place);
    const lists = `${part}/binary-amd64`;
    mkdirSync(path.join(served, 'dists', suite, lists), { recursive: true });
    mkdirSync(path.join(served, 'pool'), { recursive: true });
    const list = packages.map((file) => {
      const bytes = readFileSync(file);
      const name = `pool/${path.basename(file)}`;
      writeFileSync(path.join(served, name), bytes);
      const control = execFileSync('dpkg-deb', ['-f', file], { encoding: 'utf8' });
      return `${control}Filename: ${name}\nSize: ${bytes.length}\nSHA256: ${sum(bytes)}\n\n`;
    });
    writeFileSync(path.join(served, 'dists', suite, lists, 'Packages'), list.join(''));
    const release = path.join(served, 'dists', suite, 'Release');
    const bytes = Buffer.from(list.join(''));
    writeFileSync(
      release,
      `Origin: test\nSuite: ${suite}\nCodename: ${suite}\nComponents: ${part}\nArchitectures: amd64\nDate: ${new Date().toUTCString()}\nSHA256:\n ${sum(bytes)} ${bytes.length} ${lists}/Packages\n`,
    );
    this.#gpg('--yes', '--clearsign', '-o', path.join(served, 'dists', suite, 'InRelease'), release);
    this.#gpg('--yes', '--armor', '--export', '-o', path.join(served, 'gpg'));
    rmSync(release);
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
    rmSync(this.folder, { recursive: true });
  }
}

const sum = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
