import Docker from 'dockerode';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { describe, expect, it, onTestFinished } from 'vitest';
import { dockerJobs } from '../testing/docker-jobs.ts';
import { engineError, fromEngine } from './engine.ts';

/** This machine's engine, but for requests that `held` matches: these reach it only when `release` is called. */
async function hesitantEngine(held: RegExp) {
  const folder = mkdtempSync(`${tmpdir()}/horde-engine-`);
  const sockets = new Set<Socket>();
  const asked = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  const server = createServer((client) => {
    const engine = connect('/var/run/docker.sock');
    for (const socket of [client, engine]) {
      sockets.add(socket);
      socket.on('error', () => {});
    }
    client.on('close', () => engine.destroy());
    engine.pipe(client);
    client.on('data', (chunk) => {
      if (!held.test(chunk.toString('latin1'))) return void engine.write(chunk);
      client.pause();
      asked.resolve();
      void released.promise.then(() => {
        engine.write(chunk);
        client.resume();
      });
    });
  });
  server.listen(`${folder}/engine.sock`);
  await once(server, 'listening');
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const docker = new Docker({ socketPath: `${folder}/engine.sock` });
  return { docker, asked: asked.promise, release: released.resolve };
}

describe('an engine that does not answer', () => {
  const { job } = dockerJobs();

  it('is given up after a while, with a sentence', async () => {
    const never = new Promise<never>(() => {});
    await expect(fromEngine(never, 'start the job', { limit: 50 })).rejects.toThrow(
      'The Docker engine did not start the job within 0.05 seconds.',
    );
  });

  it.each([
    ['make the container', /^POST \/containers\/create/],
    ['give the output', /^POST \/containers\/\w+\/attach/],
    ['start the container', /^POST \/containers\/\w+\/start/],
  ])(
    'does not keep an aborted job from ending, and what it makes late is removed: %s',
    async (_what, held) => {
      const { docker, asked, release } = await hesitantEngine(held);
      const { run, left, runner, jobUuid } = await job('sleep 60', { docker });
      const controller = new AbortController();
      const ended = run(25_000, { signal: controller.signal });
      ended.catch(() => {});
      await asked;
      controller.abort(new Error('changed my mind'));
      await expect(ended).rejects.toThrow('changed my mind');
      release();
      await expect.poll(left).toEqual([]);
      await runner.cleanUp(jobUuid);
    },
  );
});

describe('an answer of the engine that is an error', () => {
  it('becomes a sentence, and any other error stays what it is', () => {
    const refused = Object.assign(new Error('(HTTP code 500) server error - x'), {
      statusCode: 500,
      json: { message: 'no such thing' },
    });
    expect(engineError(refused).message).toBe('The Docker engine refused: no such thing');
    const other = new Error('other');
    expect(engineError(other)).toBe(other);
  });
});
