import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import Docker from 'dockerode';
import { throwOnError } from '@horde/job-runner';
import { addressOf, archives, suitesOf, type Archive } from '../../tools/images/archives.ts';

const docker = new Docker();
const run = promisify(execFile);

/** Distributions by their codenames. */
const systems = {
  bookworm: archives.debian,
  trixie: archives.debian,
  jammy: archives.ubuntu,
  noble: archives.ubuntu,
} satisfies Record<string, Archive>;
export type System = keyof typeof systems;

/** Beyond what every system has: what a rented server comes with, and what a rented server with Docker comes with. */
const packages = { fresh: 'openssh-server,sudo', docker: 'openssh-server,sudo,docker.io,iptables' };
export type Kind = keyof typeof packages;

/**
 * A fresh server of a distribution, made by debootstrap from its archive, once per engine. It takes a minute or two the
 * first time.
 */
export function ensureServerImage(system: System, kind: Kind): Promise<string> {
  const name = `${system}-${kind}`;
  const found = images.get(name) ?? ensure(system, kind);
  images.set(name, found);
  return found;
}

const images = new Map<string, Promise<string>>();

async function ensure(system: System, kind: Kind): Promise<string> {
  const hash = createHash('sha256').update(`${packages[kind]} fstab`).digest('hex').slice(0, 8);
  const [repo, tag] = ['horde-test/server', `${system}-${kind}-${hash}`];
  const there = await docker
    .getImage(`${repo}:${tag}`)
    .inspect()
    .catch(() => null);
  if (there) return `${repo}:${tag}`;
  const folder = await mkdtemp(path.join(tmpdir(), 'horde-server-'));
  try {
    const root = path.join(folder, 'root');
    const archive: Archive = systems[system];
    const isUbuntu = archive === archives.ubuntu;
    const words = [
      '--variant=minbase',
      // Its keys this machine need not have: what is made of it is a stage, which nothing is taken from.
      ...(isUbuntu ? ['--no-check-gpg'] : []),
      `--components=${archive.parts.replaceAll(' ', ',')}`,
      `--include=${packages[kind]}`,
      system,
      root,
      addressOf(archive),
      // One script does for all of a distribution's, also those that are younger than debootstrap.
      `/usr/share/debootstrap/scripts/${isUbuntu ? 'jammy' : 'bookworm'}`,
    ];
    await run('debootstrap', words, { maxBuffer: 50_000_000 });
    if (isUbuntu) {
      // As a server of it comes.
      const lines = suitesOf(archive, system).map(
        (suite) => `deb ${addressOf(archive)} ${suite} ${archive.parts}\n`,
      );
      await writeFile(path.join(root, 'etc/apt/sources.list'), lines.join(''));
    }
    // Its Docker would make cgroup hierarchies that the machine has no mount of, and whose engine then hears of no process
    // that is killed for its memory.
    await appendFile(path.join(root, 'etc/fstab'), 'cgroup /sys/fs/cgroup cgroup defaults 0 0\n');
    const tar = spawn('tar', ['-c', '-C', root, '--exclude=./var/cache/apt/archives/*.deb', '.'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = once(tar, 'exit');
    await throwOnError((await docker.importImage(tar.stdout, { repo, tag })) as AsyncIterable<Buffer>);
    await ended;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return `${repo}:${tag}`;
}
