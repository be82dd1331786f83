import { execFile, execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { bridgeGateway } from '@horde/executor-manager';
import { listNamespace, machineArchitecture, writeReleaseList } from '@horde/release';
import { root } from '@horde/testing/horde';
import { ensureNodeImage } from '@horde/testing/node-image';
import Docker from 'dockerode';
import { bundleApp } from '../../tools/bundle.ts';
import { followed } from '../../tools/images/engine.ts';
import { pinnedCompose } from '../../tools/images/pinned-compose.ts';
import { sign } from '../../tools/release/sign.ts';
import { runnerCatalogue } from '../../tools/settings/runner-catalogue.ts';

const docker = new Docker();
const run = promisify(execFile);

/** How the service of a release behaves, which stands in for a facilitator. */
export type Behaviour =
  | 'good'
  /** It serves, and is never ready. */
  | 'never ready'
  /** It gets ready, and ends a second later, each time. */
  | 'ends'
  /** Its tables cannot be made. */
  | 'fails to migrate'
  /** It takes something away from the tables. */
  | 'contracts';

const serviceProgram = `
import http from 'node:http';
import fs from 'node:fs';
const { BEHAVIOUR, PORT, BACKUP_KEYS } = process.env;
const [command, ...words] = process.argv.slice(2);
const recipient = 'age1' + 'q'.repeat(58);
process.on('SIGTERM', () => process.exit(0));
if (command === 'migrate_database') {
  if (words[0] === '--list') console.log(BEHAVIOUR === 'contracts' ? 'More1\\nLess2 contracts' : 'More1');
  else if (BEHAVIOUR === 'fails to migrate') { console.error('More1: there is a word too much'); process.exit(1); }
} else if (command === 'make_backup_key') {
  fs.writeFileSync(words[0], '# public key: ' + recipient + '\\nAGE-SECRET-KEY-1X\\n', { flag: 'wx' });
  console.log('BACKUP_KEYS=' + recipient);
} else if (command === 'back_up') fs.writeFileSync(words[1], 'for ' + BACKUP_KEYS, { flag: 'wx' });
else if (command === 'restore') {
  const [file, , key] = words;
  const text = fs.readFileSync(file, 'utf8');
  if (text !== 'for ' + /age1\\w+/.exec(fs.readFileSync(key, 'utf8'))[0]) process.exit(1);
  console.log('restored ' + text);
}
else {
  const ready = BEHAVIOUR !== 'never ready';
  http.createServer((request, response) => {
    if (BEHAVIOUR === 'ends') setTimeout(() => process.exit(3), 1_000);
    response.writeHead(ready ? 200 : 503).end(JSON.stringify({ checks: { peer: ready ? 'ok' : 'A peer is missing.' } }));
  }).listen(PORT);
}
`;

/** Releases of a facilitator's runner: the real runner, and what it starts stands in for the real. */
export class StandInReleases {
  readonly tag = randomBytes(4).toString('hex');
  private readonly made: string[] = [];
  private readonly files = new Map<string, string>();

  private constructor(
    private readonly folder: string,
    private readonly server: Server,
  ) {}

  static async make(): Promise<StandInReleases> {
    const folder = await mkdtemp(path.join(tmpdir(), 'horde-releases-'));
    const one = new StandInReleases(
      folder,
      createServer((request, response) => {
        const text = one.files.get(request.url!);
        response.writeHead(text === undefined ? 404 : 200).end(text);
      }),
    );
    await new Promise<void>((resolve) => one.server.listen(0, '0.0.0.0', resolve));
    const { port } = one.server.address() as AddressInfo;
    const keys = ['release', 'offline'].map((name) => {
      const file = path.join(folder, name);
      execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', name, '-f', file]);
      return readFileSync(`${file}.pub`, 'utf8').trim();
    });
    const base = await ensureNodeImage(docker);
    // It has files of a database, too, which a volume that is new gets.
    const lines = [
      'COPY pg_isready /bin/pg_isready',
      'COPY --chown=999:999 pg_isready /var/lib/postgresql/PG_VERSION',
      'CMD ["sleep", "infinity"]',
    ];
    await one.build('other', [`FROM ${base}`, ...lines, ''].join('\n'), { pg_isready: '#!/bin/sh\n' });
    const parts = path.join(folder, 'runner');
    await mkdir(parts);
    for (const from of ['envs/runner', 'envs/facilitator/runner'])
      await cp(path.join(root, from), parts, { recursive: true });
    await bundleApp(path.join(root, 'apps/runner'), path.join(parts, 'app'));
    await cp(path.join(pinnedCompose().folder, 'docker-compose'), path.join(parts, 'docker-compose'));
    await cp(path.join(root, 'tools/images/start.sh'), path.join(parts, 'start'));
    await writeFile(path.join(parts, 'settings.json'), JSON.stringify(runnerCatalogue()));
    const address = `http://${await bridgeGateway(docker)}:${port}`;
    const place = ['REGISTRY=r.invalid', 'REPOSITORY_PREFIX=horde', `SCRIPT_ADDRESS=${address}`];
    await writeFile(
      path.join(parts, 'release.env'),
      [...place, `PUBLIC_KEYS=${keys.join(',')}`, ''].join('\n'),
    );
    await run('chmod', ['-R', 'a+rX', parts]);
    await run('chmod', ['a+x', path.join(parts, 'start'), path.join(parts, 'docker-compose')]);
    await writeFile(path.join(parts, 'images'), '');
    await one.buildIn(parts, 'runner', base);
    return one;
  }

  /** The id of a release's runner. */
  async release(behaviour: Behaviour, version: string): Promise<string> {
    const app = await this.build(
      `app-${version}`,
      `FROM ${await ensureNodeImage(docker)}\nCOPY app.mjs /app.mjs\nENV BEHAVIOUR="${behaviour}"\nLABEL version=${version}\nENTRYPOINT ["node", "/app.mjs"]\n`,
      { 'app.mjs': serviceProgram },
    );
    const other = await this.idOf('other');
    const lines = [
      `app horde-test/app - ${app}`,
      `db horde-test/db - ${other}`,
      `pylon horde-test/pylon - ${other}`,
    ];
    return this.build(
      `runner-${version}`,
      `FROM ${this.name('runner')}\nCOPY images /app/images\nLABEL org.opencontainers.image.revision=${version}\n`,
      { images: `${[...lines, `devnet horde-test/devnet - ${other}`].join('\n')}\n` },
    );
  }

  /** Offers a release that was made, in channel stable. */
  offer(id: string, version: string, number: number, changed: { share?: number } = {}): void {
    const text = writeReleaseList({
      channel: 'stable',
      number,
      expires: new Date(Date.now() + 86_400_000),
      share: changed.share ?? 100,
      version,
      images: [
        {
          name: 'facilitator-runner',
          architecture: machineArchitecture,
          digest: `sha256:${'0'.repeat(56)}${String(number).padStart(8, '0')}`,
          id,
        },
      ],
    });
    this.files.set('/releases/stable.sig', sign(text, path.join(this.folder, 'release'), listNamespace));
    this.files.set('/releases/stable', text);
  }

  async remove(): Promise<void> {
    this.server.close();
    this.server.closeAllConnections();
    for (const name of this.made.toReversed()) await docker.getImage(name).remove({ force: true });
    await rm(this.folder, { recursive: true });
  }

  private name(part: string): string {
    return `horde-test/update-${part}:${this.tag}`;
  }

  private async idOf(part: string): Promise<string> {
    return (await docker.getImage(this.name(part)).inspect()).Id;
  }

  private async build(part: string, dockerfile: string, files: Record<string, string>): Promise<string> {
    const context = path.join(this.folder, part);
    await mkdir(context);
    await writeFile(path.join(context, 'Dockerfile'), dockerfile);
    for (const [name, text] of Object.entries(files))
      await writeFile(path.join(context, name), text, { mode: 0o755 });
    return this.buildIn(context, part);
  }

  private async buildIn(context: string, part: string, base?: string): Promise<string> {
    const words = { t: this.name(part), ...(base !== undefined && { buildargs: { BASE: base } }) };
    const src = (await readdir(context)).filter((entry) => entry !== 'runner');
    await followed(docker, await docker.buildImage({ context, src }, words));
    this.made.push(this.name(part));
    return this.idOf(part);
  }
}
