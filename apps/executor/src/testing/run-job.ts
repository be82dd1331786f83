import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import type { InitialJobRequest, JobRequest } from '@horde/protocol';
import { afterAll, beforeAll, onTestFinished } from 'vitest';
import yazl from 'yazl';
import { containersOf } from '@horde/testing/job-containers';
import { makeTestImage } from '@horde/testing/test-image';
import { requests } from '@horde/testing/miner-executor/requests';
import {
  type ExecutorConnection,
  type Frame,
  ScriptedMiner,
} from '@horde/testing/miner-executor/scripted-miner';
import type { Arguments } from '../arguments.ts';
import type { JobControl } from '../job/job.service.ts';
import type { ExecutorSettings } from '../settings.ts';
import { runExecutor } from './run-executor.ts';

/** An image for the tests of one file. */
export function useImage(): { readonly reference: string } {
  const image = { reference: '', remove: async () => {} };
  beforeAll(async () => void Object.assign(image, await makeTestImage()));
  afterAll(() => image.remove());
  return image;
}

/** What a test asks for, beside a job that ends well at once. */
export interface Asked {
  initial?: Partial<InitialJobRequest>;
  job?: Partial<JobRequest>;
  settings?: Partial<ExecutorSettings>;
  options?: Partial<Arguments>;
}

/** A job that an executor has, and its miner's view of it. */
export interface StartedJob {
  jobUuid: string;
  executor: ExecutorConnection;
  control: JobControl;
  /** Resolves when the executor is ready, or has failed to be, and has its job request. */
  isReady: Promise<void>;
  /** What SIGTERM does. */
  stop: () => Promise<void>;
  /** Waits for the executor's end. */
  finish: () => Promise<JobResult>;
}

export interface JobResult {
  frames: Frame[];
  last: Frame;
  jobUuid: string;
  closed: { code: number };
  exitCode: number;
  /** Folders and containers of the job that are still there. */
  left: unknown[];
}

/** Hands a job to an executor of its own, as the reference's miner does: the job request follows the ready message. */
export async function startJob(
  image: { reference: string },
  { initial = {}, job = {}, settings, options }: Asked,
): Promise<StartedJob> {
  const asked = requests(
    { docker_image: image.reference, ...initial },
    { docker_image: image.reference, ...job },
  );
  const { jobUuid } = asked;
  const miner = await ScriptedMiner.start();
  const running = await runExecutor(miner, settings, options);
  const executor = await miner.executor();
  await executor.say(asked.initial);
  const isReady = executor.next().then(async (first) => {
    if (first.message_type === 'V0ExecutorReadyRequest') await executor.say(asked.job);
  });
  const finish = async () => {
    await isReady;
    const closed = await executor.closed;
    const exitCode = await running.exitCode;
    const left = [...running.foldersLeft(), ...(await containersOf(jobUuid))];
    return { frames: executor.frames, last: executor.frames.at(-1)!, jobUuid, closed, exitCode, left };
  };
  return { jobUuid, executor, control: running.control, isReady, stop: running.stop, finish };
}

/** One job from its start to its executor's end. */
export async function runJob(image: { reference: string }, asked: Asked): Promise<JobResult> {
  const started = await startJob(image, asked);
  return started.finish();
}

export const types = (frames: Frame[]) => frames.map(({ message_type }) => message_type);

/** What the miner hears of every job that comes to be executed. */
export const untilExecution = ['V0ExecutorReadyRequest', 'V0VolumesReadyRequest'];

export const shell = (script: string) => ['sh', '-c', script];

/** An archive of one file, as inline volumes have it. */
export async function zipped(name: string, contents: string): Promise<string> {
  const archive = new yazl.ZipFile();
  archive.addBuffer(Buffer.from(contents), name);
  archive.end();
  return (await buffer(archive.outputStream)).toString('base64');
}

/** A server that accepts connections and never says a word. @returns its host and port */
export async function silentServer(): Promise<string> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const sockets = new Set<{ destroy(): void }>();
  server.on('connection', (socket) => sockets.add(socket));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A server that has a text at /text, and nothing else. @returns its URL */
export async function webServer(text: string | Buffer = 'a text'): Promise<string> {
  const server = createHttpServer((request, response) => {
    response.statusCode = request.url === '/text' ? 200 : 404;
    response.end(text);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
