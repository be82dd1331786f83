import { X509Certificate } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { containersOf } from '@horde/testing/job-containers';
import { makeTestImage, type TestImage } from '@horde/testing/test-image';
import { freePort } from '@horde/testing/free-port';
import { WsServer } from '@horde/testing/ws-server';
import { serve, type Received } from '@horde/testing/web-server';
import { zip } from '@horde/testing/zip';
import { runExecutor } from '../../apps/executor/src/testing/run-executor.ts';
import { conversationsOf, framesOf, type LinkEvent } from './conversations.ts';
import { Line } from './line.ts';

// oxlint-disable-next-line typescript/no-explicit-any -- frames of every kind
type Frame = Record<string, any>;

const conversations = conversationsOf('miner-executor');
const recordedImages = ['localhost:5000/horde/busybox:test', 'localhost:5000/horde/streaming:test'];
const recordedStorage = 'http://127.0.0.1:9100';

/** What the executor says otherwise on purpose, docs/compatibility.md says why: the job's failure, with its reason. */
const exceptions: Record<string, Frame> = {
  volume_404: { reason: 'download_failed', stage: 'volume_download', docker_process_exit_status: null },
  volume_bad_zip: { reason: 'download_failed', stage: 'volume_download', docker_process_exit_status: null },
  command_missing: { reason: 'nonzero_return_code', stage: 'execution', docker_process_exit_status: 127 },
};
const scenarios = [...conversations.keys()];

/** In place of the recorded streaming job: is healthy, and ends a moment after it was asked. */
const server = `#!/bin/sh
printf 'HTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\n\\r\\n' | busybox nc -l -p 8000 >/dev/null
sleep 2
printf done >/artifacts/done
`;

let image: TestImage;
beforeAll(async () => void (image = await makeTestImage({ server })));
afterAll(() => image?.remove());

/** What the recorded storage answered to the upload of a scenario. */
function answerToUpload(scenario: string): { headers: Record<string, string>; body: string } {
  const finished = framesOf(conversations.get(scenario)!).at(-1)!.says as Frame;
  return JSON.parse(finished['upload_results']['r.txt'] as string) as ReturnType<typeof answerToUpload>;
}

/** The files and answers of the recorded storage. */
async function storage(): Promise<string> {
  const archive = await zip([
    { name: 'one.txt', contents: '1\n' },
    { name: 'sub/two.txt', contents: '2\n' },
  ]);
  const files: Record<string, string | Buffer> = {
    '/a.txt': 'alpha\n',
    '/b.bin': Buffer.alloc(1 << 20, Buffer.from(Array.from({ length: 256 }, (_, index) => index))),
    '/c.zip': archive,
  };
  const uploads: Record<string, string> = { '/put-1': 'upload_put', '/post-1': 'upload_post' };
  const answer = ({ url }: Received, response: ServerResponse) => {
    response.sendDate = false;
    response.shouldKeepAlive = false;
    const scenario = uploads[url];
    if (scenario !== undefined) {
      const { headers, body } = answerToUpload(scenario);
      response.removeHeader('connection'); // Node's own, which the recorded storage did not send
      return response.writeHead(200, headers).end(body);
    }
    const file = files[url];
    return file === undefined ? response.writeHead(url === '/fail-put' ? 403 : 404).end() : response.end(file);
  };
  return (await serve(answer)).url;
}

/** A miner for one executor, which gets the recorded token. */
async function listen(): Promise<{ address: string; line: Promise<Line>; path: Promise<string> }> {
  const connected = Promise.withResolvers<Line>();
  const opened = Promise.withResolvers<string>();
  const server = new WsServer((router) =>
    router.route('/v0.1/executor_interface/:token', (connection, { params }) => {
      opened.resolve(`/v0.1/executor_interface/${params['token']!}`);
      connected.resolve(new Line(connection));
    }),
  );
  await server.start();
  onTestFinished(() => server.stop());
  return { address: `ws://127.0.0.1:${server.port}`, line: connected.promise, path: opened.promise };
}

async function playMiner(events: LinkEvent[]) {
  const url = await storage();
  const miner = await listen();
  const { open } = events[0]!;
  const executor = await runExecutor({ address: miner.address } as Parameters<typeof runExecutor>[0], {
    executorToken: open!.split('/').at(-1)!,
    // The recorded machine had no GPU either.
    noGpu: true,
    nginxPort: await freePort(),
    jobAllowedRegistries: ['*', 'localhost:5000'],
  });
  const line = await miner.line;
  const frames = framesOf(events);
  const here = (text: string) =>
    recordedImages
      .reduce((rest, recorded) => rest.replaceAll(recorded, image.reference), text)
      .replaceAll(recordedStorage, url);
  const said = await line.play('miner', frames, here);
  const { code } = await line.connection.closed;
  return {
    path: await miner.path,
    said: said.map((text) => JSON.parse(text) as Frame),
    unheard: line.unheard,
    code,
    exitCode: await executor.exitCode,
    left: [...executor.foldersLeft(), ...(await containersOf(String(frames[0]!.says.job_uuid)))],
  };
}

/** The words of a failure are each executor's own; that there are some is not. */
function settled(frame: Frame): Frame {
  if (frame['message_type'] === 'V0StreamingJobReadyRequest') {
    expect(new X509Certificate(frame['public_key'] as string).subjectAltName).toMatch(/^DNS:localhost/);
    expect(frame['port']).toBeGreaterThan(0);
    return { ...frame, public_key: '(certificate)', port: '(port)' };
  }
  if (!/Failed/.test(frame['message_type'] as string)) return frame;
  expect(frame['message']).toMatch(/\w \w/);
  const { stage } = (frame['context'] ?? {}) as { stage?: string };
  return { ...frame, message: '(sentence)', context: stage ?? null };
}

const wantedFrame = (scenario: string, frame: Frame): Frame => {
  const exception = exceptions[scenario];
  if (!exception || frame['message_type'] !== 'V0HordeFailedRequest') return settled(frame);
  return {
    message_type: 'V0JobFailedRequest',
    job_uuid: frame['job_uuid'] as string,
    message: '(sentence)',
    context: null,
    docker_process_stdout: expect.toSatisfy((text) => text === null || text === ''),
    docker_process_stderr: expect.toSatisfy((text) => text === null || typeof text === 'string'),
    ...exception,
  };
};

describe('with the recorded miner, the executor says what the recorded one said, and its job comes to the same', () => {
  it.each(scenarios)('%s', async (scenario) => {
    const events = conversations.get(scenario)!;
    const { path, said, unheard, code, exitCode, left } = await playMiner(events);
    const wanted = framesOf(events).filter(({ from }) => from === 'executor');
    expect(path).toBe(events[0]!.open);
    expect(said.map(settled)).toEqual(wanted.map(({ says }) => wantedFrame(scenario, says as Frame)));
    expect(unheard).toEqual([]);
    expect(code).toBe(events.at(-1)!.code);
    expect(exitCode).toBe(0);
    expect(left).toEqual([]);
  });
});
