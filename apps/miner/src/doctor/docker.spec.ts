import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { MinerSettings } from '../settings.ts';
import { checkDocker } from './docker.ts';
import type { EngineInfo } from './engine.ts';

/** What is found of an engine that says this of itself, or of none. */
async function found(says: Partial<EngineInfo> | null, jobRunner = 'docker') {
  const folder = mkdtempSync(path.join(tmpdir(), 'horde-doctor-engine-'));
  const socket = path.join(folder, 'docker.sock');
  const info = { ServerVersion: '28.0.0', Driver: 'overlay2', CgroupVersion: '2', Runtimes: {}, ...says };
  const engine = createServer((_request, response) =>
    response.setHeader('content-type', 'application/json').end(JSON.stringify(info)),
  );
  onTestFinished(() => {
    engine.close();
    rmSync(folder, { recursive: true });
  });
  if (says) await once(engine.listen(socket), 'listening');
  const environment = { DOCKER_HOST: `unix://${socket}`, JOB_RUNNER: jobRunner };
  const places = { kind: 'process', wanted: new Map(), here: [], servers: [] } as const;
  const { findings } = await checkDocker(new MinerSettings(), environment, {
    ...places,
    here: [],
    servers: [],
  });
  return findings.map(({ verdict, says: sentence, fix }) => `${verdict} ${sentence} -> ${fix}`);
}

it('the doctor sees a Docker that is too old, stores badly, or is away', async () => {
  expect(await found({})).toEqual(['OK Docker 28.0.0, storage overlay2, cgroup v2. -> null']);
  expect(await found({ ServerVersion: '19.03.15' })).toEqual([
    'FAIL Docker 19.03.15, storage overlay2, cgroup v2. -> Install Docker 20.10 or newer.',
  ]);
  expect(await found({ Driver: 'vfs' })).toEqual([
    expect.stringMatching(/^WARN Docker 28\.0\.0, storage vfs, .* -> Use the storage driver overlay2: /),
  ]);
  expect(await found(null)).toEqual([
    expect.stringMatching(/^FAIL The engine does not answer: .*ENOENT.* -> There is no \S+: install Docker /),
  ]);
  expect(await found(null, 'process')).toEqual([
    expect.stringMatching(/^WARN The engine does not answer: .* -> Unset JOB_RUNNER, and install Docker: /),
  ]);
});
