import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import Docker from 'dockerode';
import { throwOnError } from '@horde/job-runner';

const run = promisify(execFile);

const packages = ['openssh-server', 'docker.io', 'iptables', 'iproute2'];

/**
 * An image that is a whole server: this machine's distribution with sshd and a Docker engine of its own. It is made
 * once per engine, in about a minute, out of the distribution's packages.
 */
export function ensureSshHostImage(): Promise<string> {
  return (image ??= ensure(new Docker()));
}

let image: Promise<string> | null = null;

async function ensure(docker: Docker): Promise<string> {
  const codename = /^VERSION_CODENAME=(?<name>.+)$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.groups?.[
    'name'
  ];
  if (!codename) throw new Error('This machine’s distribution names no release to make a host of.');
  const hash = createHash('sha256')
    .update([codename, ...packages].join())
    .digest('hex')
    .slice(0, 12);
  const [repo, tag] = ['horde-test/ssh-host', hash];
  const there = await docker
    .getImage(`${repo}:${tag}`)
    .inspect()
    .catch(() => null);
  if (!there) await make(docker, codename, { repo, tag });
  return `${repo}:${tag}`;
}

async function make(docker: Docker, codename: string, name: { repo: string; tag: string }): Promise<void> {
  if (!existsSync('/usr/sbin/debootstrap')) {
    await run('apt-get', ['-qq', 'update']);
    await run('apt-get', ['-qq', 'install', '-y', '--no-install-recommends', 'debootstrap'], {
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    });
  }
  const folder = mkdtempSync(path.join(tmpdir(), 'horde-ssh-host-'));
  try {
    const options = ['--variant=minbase', `--include=${packages.join()}`];
    await run('/usr/sbin/debootstrap', [...options, codename, folder, ...mirror()], { maxBuffer: 1 << 26 });
    const unneeded = ['./var/cache/apt/archives/*.deb', './var/lib/apt/lists/*', './usr/share/doc/*'];
    const tar = spawn('tar', ['-c', '-C', folder, ...unneeded.map((one) => `--exclude=${one}`), '.'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = once(tar, 'exit');
    const events = await docker.importImage(tar.stdout, name);
    await throwOnError(events as AsyncIterable<Buffer>);
    await ended;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Where this machine gets its own packages; empty: debootstrap knows where its distribution has them. */
function mirror(): string[] {
  const files = [
    '/etc/apt/sources.list',
    '/etc/apt/sources.list.d/debian.sources',
    '/etc/apt/sources.list.d/ubuntu.sources',
  ];
  const text = files
    .filter(existsSync)
    .map((file) => readFileSync(file, 'utf8'))
    .join('\n');
  const found = /^(?:deb (?:\[.*\] )?|URIs: *)(?<mirror>https?:\/\/\S+)/m.exec(text)?.groups?.['mirror'];
  return found ? [found] : [];
}
