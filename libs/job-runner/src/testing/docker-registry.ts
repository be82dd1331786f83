import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';

const places = [
  path.join(process.env['HORDE_CACHE'] ?? '/var/cache/horde', 'docker-registry/usr/bin/docker-registry'),
  '/usr/bin/docker-registry',
];

/** The registry server of the distribution's package docker-registry; undefined: it is not on this machine. */
const registryProgram = places.find((place) => existsSync(place));
/** Why specs that need a registry cannot run here; null where they can. */
export const missingRegistry = registryProgram
  ? null
  : 'this machine has no docker-registry (the package of that name)';

export const login = { username: 'horde', password: 'a-secret-word' };
/** Of `login`, as htpasswd(1) writes it with bcrypt. */
const htpasswdLine = 'horde:$2y$05$abcdefghijklmnopqrstuumotY3uDuQi0/rtjr8hRvG7AFzrH730S';

export interface DockerRegistry {
  /** Its name in image references. */
  host: string;
  stop(): Promise<void>;
}

/** A real image registry on a free port of this machine. */
export async function startRegistry(options: { login?: boolean } = {}): Promise<DockerRegistry> {
  const folder = mkdtempSync(path.join(tmpdir(), 'horde-docker-registry-'));
  const config = {
    version: '0.1',
    storage: { filesystem: { rootdirectory: path.join(folder, 'data') } },
    http: { addr: '127.0.0.1:0' },
    ...(options.login && { auth: { htpasswd: { realm: 'horde', path: path.join(folder, 'htpasswd') } } }),
  };
  writeFileSync(path.join(folder, 'htpasswd'), `${htpasswdLine}\n`);
  writeFileSync(path.join(folder, 'config.yml'), JSON.stringify(config)); // JSON is YAML
  const server = spawn(registryProgram!, ['serve', path.join(folder, 'config.yml')], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const exit = once(server, 'exit');
  return {
    host: `127.0.0.1:${await listeningPort(server)}`,
    stop: async () => {
      server.kill('SIGKILL');
      await exit;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function listeningPort(server: ChildProcess): Promise<string> {
  for await (const line of createInterface({ input: server.stderr! })) {
    const port = /listening on \S+:(\d+)/.exec(line)?.[1];
    if (port) {
      server.stderr!.resume(); // read on, or it would wait for room
      return port;
    }
  }
  throw new Error('The registry ended before it listened.');
}
