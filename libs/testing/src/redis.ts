import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

const places = [
  ...(process.env['PATH'] ?? '').split(path.delimiter).map((folder) => path.join(folder, 'redis-server')),
  '/usr/bin/redis-check-rdb', // of the package redis-tools; it is the server when it is called so
];

/** The program of a Redis server; undefined: there is none on this machine. */
const redisProgram = places.find((place) => existsSync(place));
/** Why specs that need a Redis cannot run here; null where they can. */
export const missingRedis = redisProgram
  ? null
  : 'this machine has no Redis server (the package redis-tools)';

export interface TestRedis {
  /** The path of its socket. */
  url: string;
  /** Ends the process, and with it what it held, and starts another in its place. */
  replace(): Promise<TestRedis>;
  stop(): Promise<void>;
}

/** A real Redis server, reached through a socket in a folder of its own. */
export const startRedis = (): Promise<TestRedis> => startIn(mkdtempSync(path.join(tmpdir(), 'horde-redis-')));

async function startIn(folder: string): Promise<TestRedis> {
  const socket = path.join(folder, 'socket');
  const server = spawn(
    redisProgram!,
    ['--port', '0', '--unixsocket', socket, '--save', '', '--appendonly', 'no', '--dir', folder],
    { argv0: 'redis-server', stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const ended = new Promise<void>((resolve) => server.once('close', () => resolve()));
  const ready = new Promise<void>((resolve) =>
    server.stdout.on('data', (lines: Buffer) => {
      if (/ready to accept connections/i.test(lines.toString('utf8'))) resolve();
    }),
  );
  const tooEarly = ended.then(() => {
    throw new Error('The Redis server ended before it listened.');
  });
  await Promise.race([ready, tooEarly]);
  tooEarly.catch(() => undefined);
  const end = async () => {
    server.kill('SIGKILL');
    await ended;
  };
  return {
    url: socket,
    replace: async () => {
      await end();
      return startIn(folder);
    },
    stop: async () => {
      await end();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
