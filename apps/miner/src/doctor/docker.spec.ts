import { once } from 'node:events';
import { chmodSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createSocket, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { asNobody } from '@horde/testing/as-nobody';
import { expect, it, onTestFinished, vi } from 'vitest';
import { MinerSettings } from '../settings.ts';
import { checkDocker } from './docker.ts';
import type { EngineInfo } from './engine.ts';
import type { ExecutorPlaces } from './servers.ts';

/** A socket that a server listens at, until the test is over; without a server a path where nothing is. */
async function socketOf(server: Server | null): Promise<string> {
  const folder = mkdtempSync(path.join(tmpdir(), 'horde-doctor-engine-'));
  chmodSync(folder, 0o755);
  const socket = path.join(folder, 'docker.sock');
  onTestFinished(() => {
    server?.close();
    rmSync(folder, { recursive: true });
  });
  if (server) await once(server.listen(socket), 'listening');
  return socket;
}

/** An engine that says this of itself. */
function engineOf(says: Partial<EngineInfo>): Server {
  const info = { ServerVersion: '28.0.0', Driver: 'overlay2', CgroupVersion: '2', Runtimes: {}, ...says };
  const answer: RequestListener = (request, response) => {
    if (request.url!.startsWith('/images/none')) response.statusCode = 404;
    response.setHeader('content-type', 'application/json').end(JSON.stringify(info));
  };
  return createServer(answer);
}

/** What is found of the engine at a socket. */
async function foundAt(socket: string, { jobRunner = 'docker', image = '' } = {}) {
  const environment = { DOCKER_HOST: `unix://${socket}`, JOB_RUNNER: jobRunner };
  const settings = Object.assign(new MinerSettings(), { executorImage: image });
  const { findings } = await checkDocker(settings, environment, {
    kind: image === '' ? 'process' : 'docker',
    wanted: new Map(),
    here: ['always_on.test'],
    servers: [],
  });
  return findings.map(({ verdict, says, fix }) => `${verdict} ${says} -> ${fix}`);
}

const found = async (says: Partial<EngineInfo>) => foundAt(await socketOf(engineOf(says)));

it('the doctor sees a Docker that is too old, stores badly, or is away', async () => {
  expect(await found({})).toEqual(['OK Docker 28.0.0, storage overlay2, cgroup v2. -> null']);
  expect(await found({ ServerVersion: '19.03.15' })).toEqual([
    'FAIL Docker 19.03.15, storage overlay2, cgroup v2. -> Install Docker 20.10 or newer.',
  ]);
  expect(await found({ Driver: 'vfs' })).toEqual([
    expect.stringMatching(/^WARN Docker 28\.0\.0, storage vfs, .* -> Use the storage driver overlay2: /),
  ]);
  const nowhere = await socketOf(null);
  expect(await foundAt(nowhere)).toEqual([
    expect.stringMatching(/^FAIL The engine does not answer: .*ENOENT.* -> There is no \S+: install Docker /),
  ]);
  expect(await foundAt(nowhere, { jobRunner: 'process' })).toEqual([
    expect.stringMatching(/^WARN The engine does not answer: .* -> Unset JOB_RUNNER, and install Docker: /),
  ]);
});

it('the doctor sees an engine that this user may not use, and one that has ended', async () => {
  const socket = await socketOf(engineOf({}));
  chmodSync(socket, 0);
  expect(await asNobody(() => foundAt(socket))).toEqual([
    expect.stringMatching(
      /^FAIL The engine does not answer: .*EACCES.* -> Let this user use \S+docker\.sock: add it to the group docker, /,
    ),
  ]);
  // A server that ends removes its socket, where it finds it.
  const ended = createSocket();
  const left = `${await socketOf(ended)}.left`;
  renameSync(path.join(path.dirname(left), 'docker.sock'), left);
  ended.close();
  expect(await foundAt(left)).toEqual([
    expect.stringMatching(
      /^FAIL The engine does not answer: .*ECONNREFUSED.* -> Start Docker \(systemctl start docker\), /,
    ),
  ]);
});

it('the doctor sees an engine that takes the connection and never answers', async () => {
  const silent = createSocket((connection) => connection.resume());
  const socket = await socketOf(silent);
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  const look = foundAt(socket);
  const [connection] = (await once(silent, 'connection')) as [{ destroy(): void }];
  onTestFinished(() => connection.destroy());
  vi.advanceTimersByTime(10_000);
  expect(await look).toEqual([
    'FAIL The engine does not answer: no answer within 10 s. -> Start Docker (systemctl start docker), and look at its log (journalctl -u docker).',
  ]);
});

it('the doctor sees whether the executors’ image is there', async () => {
  const socket = await socketOf(engineOf({}));
  expect((await foundAt(socket, { image: 'executor:1' }))[1]).toBe('OK executor:1 is there. -> null');
  expect((await foundAt(socket, { image: 'none:1' }))[1]).toMatch(
    /^WARN none:1 is not on this machine: .* -> Fetch it \(docker pull none:1\) or build it, /,
  );
});

it('the doctor needs no Docker where all executors are on other machines', async () => {
  const elsewhere: ExecutorPlaces = { kind: 'docker', wanted: new Map(), here: [], servers: [] };
  const { findings, info } = await checkDocker(new MinerSettings(), {}, elsewhere);
  expect(findings).toMatchObject([{ verdict: 'OK', says: 'Not needed: no executor runs on this machine.' }]);
  expect(info).toBeNull();
});
