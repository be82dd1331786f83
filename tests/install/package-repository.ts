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
    const served = this.#place(place);
    const [lists, folder] = [`${part}/binary-amd64`, path.join(served, 'dists', suite)];
    mkdirSync(path.join(folder, lists), { recursive: true });
    const about = `Codename: ${suite}\nComponents: ${part}\nArchitectures: amd64\n`;
    this.#list(served, packages, folder, `${lists}/Packages`, `Suite: ${suite}\n${about}`);
    this.#gpg('--yes', '--armor', '--export', '-o', path.join(served, 'gpg'));
  }

  /** Lays out one without suites, as NVIDIA's are. @param key where its key is, below `served` */
  publishFlat(place: string, key: string, packages: string[]): void {
    const served = this.#place(place);
    this.#list(served, packages, served, 'Packages', '');
    this.#gpg(
      '--yes',
      '--armor',
      '--export',
      '-o',
      path.join(this.#place(path.dirname(key)), path.basename(key)),
    );
  }

  #place(place: string): string {
    const served = path.join(this.folder, 'served', place);
    mkdirSync(path.join(served, 'pool'), { recursive: true });
    return served;
  }

  /** Puts packages there, with their list, and signs that. @param about of the release, lines */
  #list(served: string, packages: string[], folder: string, list: string, about: string): void {
    const entries = packages.map((file) => {
      const bytes = readFileSync(file);
      const name = `pool/${path.basename(file)}`;
      writeFileSync(path.join(served, name), bytes);
      const control = execFileSync('dpkg-deb', ['-f', file], { encoding: 'utf8' });
      return `${control}Filename: ${name}\nSize: ${bytes.length}\nSHA256: ${sum(bytes)}\n\n`;
    });
    const bytes = Buffer.from(entries.join(''));
    writeFileSync(path.join(folder, list), bytes);
    const release = path.join(folder, 'Release');
    const text = `Origin: test\n${about}Date: ${new Date().toUTCString()}\nSHA256:\n ${sum(bytes)} ${bytes.length} ${list}\n`;
    writeFileSync(release, text);
    this.#gpg('--yes', '--clearsign', '-o', path.join(folder, 'InRelease'), release);
    rmSync(release);
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
    rmSync(this.folder, { recursive: true });
  }
}

const sum = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
