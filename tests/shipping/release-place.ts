import { execFile, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { bridgeGateway } from '@horde/executor-manager';
import { listNamespace, readReleaseList, writeReleaseList, type ReleaseList } from '@horde/release';
import { root } from '@horde/testing/horde';
import Docker from 'dockerode';
import { startRegistry, type DockerRegistry } from '../../libs/job-runner/src/testing/docker-registry.ts';
import { sign } from '../../tools/release/sign.ts';

const run = promisify(execFile);
const channel = 'stable';

/** Where releases come from: a registry, and lists and scripts served over HTTP, all with keys of its own. */
export class ReleasePlace {
  private readonly server: Server;

  private constructor(
    private readonly folder: string,
    private readonly registry: DockerRegistry,
    private readonly host: string,
  ) {
    this.server = createServer((request, answer) => {
      // No more than a name and its folder: what is asked for is looked up below `out`.
      const name = /^\/((?:releases\/)?[\w.-]+)$/.exec(request.url!)?.[1];
      const found = name === undefined ? Promise.reject(new Error('no name')) : readFile(this.out(name));
      found.then(
        (bytes) => answer.end(bytes),
        () => answer.writeHead(404).end(),
      );
    });
  }

  static async open(): Promise<ReleasePlace> {
    const folder = mkdtempSync(path.join(tmpdir(), 'horde-place-'));
    const place = new ReleasePlace(folder, await startRegistry(), await bridgeGateway(new Docker()));
    place.server.listen(0, place.host);
    await once(place.server, 'listening');
    for (const key of ['release', 'offline', 'stranger'])
      execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', place.key(key)]);
    const keys = ['release', 'offline'].map((key) => readFileSync(`${place.key(key)}.pub`, 'utf8').trim());
    const lines = [
      `REGISTRY=${place.registryHost}`,
      'REPOSITORY_PREFIX=horde',
      `SCRIPT_ADDRESS=${place.address}`,
      `PUBLIC_KEYS=${keys.join(',')}`,
    ];
    writeFileSync(path.join(folder, 'release.env'), `${lines.join('\n')}\n`);
    return place;
  }

  /** Where lists and scripts are, for this machine and all containers on it. */
  get address(): string {
    return `http://${this.host}:${(this.server.address() as AddressInfo).port}`;
  }

  /** The registry, on this machine's loopback. */
  get registryHost(): string {
    return this.registry.host;
  }

  /** The images of this checkout, as `./horde release` builds, pushes and lists them. */
  async ship(): Promise<ReleaseList> {
    const words = ['--key', this.key('release'), '--place', path.join(this.folder, 'release.env')];
    // Its hosts have the images of others from this machine's engine.
    const all = [
      'tools/release.ts',
      channel,
      ...words,
      '--stand-ins',
      '--folder',
      path.join(this.folder, 'out'),
    ];
    await run(process.execPath, all, { cwd: root, maxBuffer: 100_000_000 });
    return this.list;
  }

  /** What is offered. */
  get list(): ReleaseList {
    return readReleaseList(readFileSync(this.out(`releases/${channel}`), 'utf8'));
  }

  /** Offers the list with the next number, changed. */
  publish(change: Partial<ReleaseList>): ReleaseList {
    const list = { ...this.list, number: this.list.number + 1, ...change };
    this.put(...this.signed(list));
    return list;
  }

  /** A list's text and its signature. */
  signed(list: ReleaseList, key: 'release' | 'offline' | 'stranger' = 'release'): [string, string] {
    const text = writeReleaseList(list);
    return [text, sign(text, this.key(key), listNamespace)];
  }

  /** Has these texts served as the list and its signature; null: there is none. */
  put(text: string, signature: string | null): void {
    writeFileSync(this.out(`releases/${channel}`), text);
    const file = this.out(`releases/${channel}.sig`);
    if (signature === null) rmSync(file, { force: true });
    else writeFileSync(file, signature);
  }

  /** Lists and scripts cannot be fetched any more. */
  shut(): void {
    this.server.close();
    this.server.closeAllConnections();
  }

  async close(): Promise<void> {
    this.shut();
    await this.registry.stop();
    const docker = new Docker();
    const tags = (await docker.listImages()).flatMap(({ RepoTags }) => RepoTags ?? []);
    for (const tag of tags) if (tag.startsWith(`${this.registryHost}/`)) await docker.getImage(tag).remove();
    rmSync(this.folder, { recursive: true });
  }

  private readonly key = (name: string): string => path.join(this.folder, name);
  private readonly out = (name: string): string => path.join(this.folder, 'out', name);
}
