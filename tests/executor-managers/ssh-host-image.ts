import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, globSync } from 'node:fs';
import { copyFile, cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import Docker from 'dockerode';
import { throwOnError } from '@horde/job-runner';

const run = promisify(execFile);

/** Of the distribution: those that are not installed on this machine are fetched, with what they need. */
const packages = ['openssh-server', 'openssh-client', 'docker.io', 'iptables', 'iproute2'];

/** What the packages bring, by name; of these the host has what this machine has, and beside them busybox's commands. */
const programs = [
  'sshd',
  'ssh-keygen',
  'docker',
  'dockerd',
  'docker-proxy',
  'containerd',
  'containerd-shim-runc-v2',
  'runc',
  'iptables',
  'ip6tables',
  'ss',
];
const folders = ['usr/sbin', 'usr/bin', 'usr/libexec/docker'];

/** Another one whenever what is made of the packages changes. */
const layout = '1';

/**
 * An image that is a whole server: sshd and a Docker engine of its own, out of this machine's programs and the
 * distribution's packages. It is made once per engine, in some seconds.
 */
export function ensureSshHostImage(): Promise<string> {
  return (image ??= ensure(new Docker()));
}

let image: Promise<string> | null = null;

async function ensure(docker: Docker): Promise<string> {
  const release = await readFile('/etc/os-release', 'utf8');
  const recipe = [release, ...packages, ...programs, layout].join();
  const hash = createHash('sha256').update(recipe).digest('hex').slice(0, 12);
  const [repo, tag] = ['horde-test/ssh-host', hash];
  const there = await docker
    .getImage(`${repo}:${tag}`)
    .inspect()
    .catch(() => null);
  if (!there) await make(docker, { repo, tag });
  return `${repo}:${tag}`;
}

async function make(docker: Docker, name: { repo: string; tag: string }): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), 'horde-ssh-host-'));
  const root = path.join(folder, 'root');
  try {
    await makeFolders(root);
    await unpackMissing(folder, root);
    await copyPrograms(root);
    await configure(root);
    const tar = spawn('tar', ['-c', '-C', root, '.'], { stdio: ['ignore', 'pipe', 'inherit'] });
    const ended = once(tar, 'exit');
    const events = await docker.importImage(tar.stdout, name);
    await throwOnError(events as AsyncIterable<Buffer>);
    await ended;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function makeFolders(root: string): Promise<void> {
  for (const inside of [
    'usr/bin',
    'usr/sbin',
    'usr/lib',
    'usr/lib64',
    'etc/ssh',
    'root',
    'run',
    'var',
    'dev',
  ])
    await mkdir(path.join(root, inside), { recursive: true, mode: 0o755 });
  await mkdir(path.join(root, 'tmp'));
  for (const merged of ['bin', 'sbin', 'lib', 'lib64'])
    await symlink(`usr/${merged}`, path.join(root, merged));
}

/** Fetches what this machine does not have, and installs nothing: a package of a server would start it. */
async function unpackMissing(folder: string, root: string): Promise<void> {
  const archives = path.join(folder, 'archives');
  await mkdir(path.join(archives, 'partial'), { recursive: true });
  const quiet = ['-qq', '-o', 'DPkg::Lock::Timeout=300'];
  await run('apt-get', [...quiet, 'update']);
  const only = ['--download-only', '--no-install-recommends', '-o', `Dir::Cache::archives=${archives}`];
  await run('apt-get', [...quiet, '-y', ...only, 'install', ...packages], {
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
  for (const archive of globSync(path.join(archives, '*.deb')))
    await run('sh', [
      '-c',
      'dpkg-deb --fsys-tarfile "$1" | tar -x --keep-directory-symlink -C "$2" --exclude ./usr/share',
      'sh',
      archive,
      root,
    ]);
}

/** This machine's, where no package has brought them, with the libraries of all. */
async function copyPrograms(root: string): Promise<void> {
  const multiple = globSync('usr/sbin/xtables-nft-multi', { cwd: root })[0];
  for (const program of programs) {
    const places = folders.map((folder) => path.join(folder, program));
    if (places.some((place) => existsSync(path.join(root, place)))) continue;
    const place = places.find((one) => existsSync(path.join('/', one)));
    if (place) {
      await mkdir(path.dirname(path.join(root, place)), { recursive: true });
      await copyFile(path.join('/', place), path.join(root, place)); // of a link its target, under the link's name
    } else if (multiple && program.endsWith('tables'))
      await symlink(path.basename(multiple), path.join(root, 'usr/sbin', program));
    else throw new Error(`Neither this machine nor its packages have ${program}.`);
  }
  for (const plugins of globSync('/usr/lib/*/xtables'))
    await cp(plugins, path.join(root, plugins), { recursive: true });
  await copyLibraries(root);
  await copyFile('/bin/busybox', path.join(root, 'usr/bin/busybox'));
  const { stdout } = await run('/bin/busybox', ['--list']);
  for (const command of stdout.trim().split('\n'))
    if (!folders.some((folder) => existsSync(path.join(root, folder, command))))
      await symlink('busybox', path.join(root, 'usr/bin', command));
}

async function copyLibraries(root: string): Promise<void> {
  const files = programs.flatMap((program) => folders.map((folder) => path.join(root, folder, program)));
  for (const file of files.filter(existsSync)) {
    // A program without libraries is none of its business, and ldd says so by its exit code.
    const { stdout } = await run('ldd', [file], withLibrariesOf(root)).catch(
      (error: { stdout: string }) => error,
    );
    if (stdout.includes('not found')) throw new Error(`${file} lacks libraries:\n${stdout}`);
    for (const [, library] of stdout.matchAll(/(\/\S+) \(0x/g)) {
      if (library!.startsWith(root) || existsSync(path.join(root, library!))) continue;
      await mkdir(path.dirname(path.join(root, library!)), { recursive: true });
      await copyFile(library!, path.join(root, library!));
    }
  }
}

/** For running this distribution's programs from a folder, with the libraries that lie there. */
function withLibrariesOf(root: string): { env: NodeJS.ProcessEnv } {
  const places = globSync('usr/lib/*-linux-gnu*', { cwd: root }).map((place) => path.join(root, place));
  return { env: { ...process.env, LD_LIBRARY_PATH: places.join(':') } };
}

async function configure(root: string): Promise<void> {
  const write = (file: string, text: string) => writeFile(path.join(root, 'etc', file), text);
  await write('passwd', 'root:*:0:0:root:/root:/bin/sh\nsshd:*:101:65534::/run/sshd:/bin/false\n');
  await write('group', 'root:*:0:\ndocker:*:102:\nnogroup:*:65534:\n');
  await write('ssh/sshd_config', 'PermitRootLogin prohibit-password\n');
  await run(path.join(root, 'usr/bin/ssh-keygen'), ['-A', '-f', root], withLibrariesOf(root));
}
