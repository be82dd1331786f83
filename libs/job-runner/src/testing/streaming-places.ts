import type Docker from 'dockerode';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { PassThrough } from 'node:stream';
import { rolldown } from 'rolldown';
import { onTestFinished } from 'vitest';
import { ensureNodeImage } from '@horde/testing/node-image';
import type { Order, Outcome } from './streaming-executor.ts';

/** The port that an executor's container has, where it has one. */
export const ownPort = 6006;

/** Where an executor runs, in the ways that make a difference to streaming. */
export const places = ['beside the engine', 'in a container', 'in a container that has the port'] as const;
export type Place = (typeof places)[number];

/** A process that does an executor's streaming. */
export interface StreamingExecutor {
  /** @throws Error with the name and message of what went wrong there */
  tell<Answer extends Outcome>(order: Order): Promise<Answer>;
  kill(): Promise<void>;
}

/** What executors are started from: one bundled file, and an image with it. */
export interface ExecutorBuild {
  file: string;
  image: string;
  remove(): Promise<void>;
}

export async function buildExecutor(docker: Docker): Promise<ExecutorBuild> {
  const folder = mkdtempSync(path.join(tmpdir(), 'horde-test-streaming-'));
  const file = path.join(folder, 'main.mjs');
  const bundle = await rolldown({
    input: path.join(import.meta.dirname, 'streaming-executor.ts'),
    platform: 'node',
    tsconfig: path.resolve('tsconfig.json'),
    external: (id) => id.startsWith('node:') || id.endsWith('.node') || id === 'cpu-features',
    logLevel: 'silent',
  });
  await bundle.write({ file, format: 'esm', codeSplitting: false });
  const container = await docker.createContainer({ Image: await ensureNodeImage(docker) });
  try {
    const tar = spawn('tar', ['-c', '-C', folder, '.'], { stdio: ['ignore', 'pipe', 'inherit'] });
    await container.putArchive(tar.stdout, { path: '/tmp' });
    const name = { repo: 'horde-test/streaming-executor', tag: randomBytes(6).toString('hex') };
    await container.commit(name);
    const image = `${name.repo}:${name.tag}`;
    return {
      file,
      image,
      remove: async () => {
        rmSync(folder, { recursive: true });
        await docker.getImage(image).remove({ force: true });
      },
    };
  } finally {
    await container.remove({ force: true });
  }
}

/** Starts an executor for one test. */
export async function startExecutor(
  docker: Docker,
  build: ExecutorBuild,
  place: Place,
): Promise<StreamingExecutor> {
  return place === 'beside the engine'
    ? startProcess(build)
    : startContainer(docker, build, place === 'in a container that has the port');
}

function startProcess({ file }: ExecutorBuild): StreamingExecutor {
  const child = spawn(process.execPath, [file], { stdio: ['pipe', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  const kill = async () => {
    child.kill('SIGKILL');
    await exited;
  };
  onTestFinished(kill);
  return { tell: teller(child.stdin, child.stdout), kill };
}

async function startContainer(docker: Docker, { image }: ExecutorBuild, hasPort: boolean) {
  const container = await docker.createContainer({
    Image: image,
    Cmd: ['node', '/tmp/main.mjs'],
    OpenStdin: true,
    StdinOnce: true,
    ...(hasPort && { ExposedPorts: { [`${ownPort}/tcp`]: {} } }),
    HostConfig: {
      Mounts: [{ Type: 'bind', Source: '/var/run/docker.sock', Target: '/var/run/docker.sock' }],
      ...(hasPort && { PortBindings: { [`${ownPort}/tcp`]: [{ HostPort: '' }] } }),
    },
  });
  const kill = async () => {
    await container.remove({ force: true }).catch((error: { statusCode?: number }) => {
      if (error.statusCode !== 404) throw error;
    });
  };
  onTestFinished(kill);
  const attached = await container.attach({
    stream: true,
    hijack: true,
    stdin: true,
    stdout: true,
    stderr: true,
  });
  const output = new PassThrough();
  docker.modem.demuxStream(attached, output, process.stderr);
  attached.once('end', () => output.end());
  await container.start();
  return { tell: teller(attached, output), kill };
}

function teller(input: NodeJS.WritableStream, output: NodeJS.ReadableStream): StreamingExecutor['tell'] {
  const outcomes = createInterface({ input: output })[Symbol.asyncIterator]();
  return async <Answer extends Outcome>(order: Order) => {
    input.write(`${JSON.stringify(order)}\n`);
    const { value, done } = await outcomes.next();
    if (done) throw new Error('The executor ended');
    const outcome = JSON.parse(value) as Outcome;
    if ('failed' in outcome)
      throw Object.assign(new Error(outcome.failed.message), { name: outcome.failed.name });
    return outcome as Answer;
  };
}
