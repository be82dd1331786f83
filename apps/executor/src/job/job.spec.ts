import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import {
  HuggingfaceVolume,
  type InitialJobRequest,
  InlineVolume,
  type JobRequest,
  make,
  SingleFilePut,
  SingleFileVolume,
  StreamingDetails,
} from '@horde/protocol';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import yazl from 'yazl';
import type { Arguments } from '../arguments.ts';
import type { ExecutorSettings } from '../settings.ts';
import { containerRuns, containersOf, makeImage } from '../testing/machine.ts';
import { requests, timing } from '../testing/requests.ts';
import { runExecutor } from '../testing/run-executor.ts';
import { type Frame, ScriptedMiner } from '../testing/scripted-miner.ts';

let image: Awaited<ReturnType<typeof makeImage>>;
beforeAll(async () => void (image = await makeImage()));
afterAll(() => image?.remove());

interface Asked {
  initial?: Partial<InitialJobRequest>;
  job?: Partial<JobRequest>;
  settings?: Partial<ExecutorSettings>;
  options?: Partial<Arguments>;
}

/** One job as the reference's miner drives it: the job request follows the ready message. */
async function runJob({ initial = {}, job = {}, settings, options }: Asked) {
  const asked = requests(
    { docker_image: image.reference, ...initial },
    { docker_image: image.reference, ...job },
  );
  const miner = await ScriptedMiner.start();
  const running = await runExecutor(miner, settings, options);
  const executor = await miner.executor();
  await executor.say(asked.initial);
  const first = await executor.next();
  if (first.message_type === 'V0ExecutorReadyRequest') await executor.say(asked.job);
  const closed = await executor.closed;
  const exitCode = await running.exitCode;
  return {
    frames: executor.frames,
    last: executor.frames.at(-1)!,
    jobUuid: asked.jobUuid,
    closed,
    exitCode,
    left: [...running.foldersLeft(), ...(await containersOf(asked.jobUuid))],
  };
}

const types = (frames: Frame[]) => frames.map(({ message_type }) => message_type);
const untilExecution = ['V0ExecutorReadyRequest', 'V0VolumesReadyRequest'];
const shell = (script: string) => ['sh', '-c', script];

async function zipped(name: string, contents: string): Promise<string> {
  const archive = new yazl.ZipFile();
  archive.addBuffer(Buffer.from(contents), name);
  archive.end();
  return (await buffer(archive.outputStream)).toString('base64');
}

/** A server that accepts connections and never says a word. */
async function silentServer(): Promise<string> {
  const server: Server = createServer();
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

describe('a job that goes well', () => {
  it('is told of stage by stage, and nothing of it is left', async () => {
    const env = new Map([['NAME', 'Zoë']]);
    const job = { docker_run_cmd: shell('echo "Hello, $NAME!"; echo careful >&2'), env };
    const { frames, jobUuid, closed, exitCode, left } = await runJob({ job });
    expect(frames).toEqual([
      { message_type: 'V0ExecutorReadyRequest', job_uuid: jobUuid, executor_token: null },
      { message_type: 'V0VolumesReadyRequest', job_uuid: jobUuid },
      { message_type: 'V0ExecutionDoneRequest', job_uuid: jobUuid },
      {
        message_type: 'V0JobFinishedRequest',
        job_uuid: jobUuid,
        docker_process_stdout: 'Hello, Zoë!\n',
        docker_process_stderr: 'careful\n',
        artifacts: {},
        upload_results: {},
      },
    ]);
    expect(closed.code).toBe(1000);
    expect(exitCode).toBe(0);
    expect(left).toEqual([]);
  });

  it('sees its inline volume, and brings back its artifacts', async () => {
    const volume = make(InlineVolume, { contents: await zipped('in.txt', 'input'), relative_path: 'data' });
    const job = {
      docker_run_cmd: shell('cat /volume/data/in.txt > /artifacts/copy; cat /volume/data/in.txt'),
      artifacts_dir: '/artifacts',
    };
    const { last, left } = await runJob({ initial: { volume }, job });
    expect(last).toMatchObject({
      docker_process_stdout: 'input',
      artifacts: { '/artifacts/copy': Buffer.from('input').toString('base64') },
    });
    expect(left).toEqual([]);
  });

  it('takes a volume that comes with the second request, and runs without Docker where asked to', async () => {
    const volume = make(InlineVolume, { contents: await zipped('in.txt', 'input') });
    const job = { docker_run_cmd: shell('cat /volume/in.txt'), volume };
    const { last, left } = await runJob({ job, options: { jobRunner: 'process' } });
    expect(last).toMatchObject({ docker_process_stdout: 'input' });
    expect(left).toEqual([]);
  });

  it('may name its image in the second request only, and run under a single time limit', async () => {
    const { frames } = await runJob({
      initial: { docker_image: null, executor_timing: null, timeout_seconds: 20 },
    });
    expect(types(frames)).toEqual([...untilExecution, 'V0ExecutionDoneRequest', 'V0JobFinishedRequest']);
  });
});

describe('a job that fails', () => {
  it('by its exit code: with it, and with what it printed', async () => {
    const { frames, last, exitCode, left } = await runJob({
      job: { docker_run_cmd: shell('echo out; echo bad >&2; exit 3') },
    });
    expect(types(frames)).toEqual([...untilExecution, 'V0JobFailedRequest']);
    expect(last).toMatchObject({
      reason: 'nonzero_return_code',
      stage: 'execution',
      message: 'The job ended with exit code 3. The last line of its stderr: bad',
      docker_process_exit_status: 3,
      docker_process_stdout: 'out\n',
      docker_process_stderr: 'bad\n',
    });
    expect(exitCode).toBe(0);
    expect(left).toEqual([]);
  });

  it('by a command that does not exist: as 127, saying so', async () => {
    const { last, left } = await runJob({ job: { docker_run_cmd: ['/no/such/binary'] } });
    expect(last).toMatchObject({
      message_type: 'V0JobFailedRequest',
      reason: 'nonzero_return_code',
      docker_process_exit_status: 127,
      message: expect.stringContaining('The command "/no/such/binary" is not in the image.') as string,
    });
    expect(left).toEqual([]);
  });

  it('by running too long: it is killed, and what it printed is kept', async () => {
    const { frames, last, left } = await runJob({
      initial: { executor_timing: timing({ execution_time_limit: 1 }) },
      job: { docker_run_cmd: shell('trap "" TERM; echo started; sleep 300') },
    });
    expect(types(frames)).toEqual([...untilExecution, 'V0JobFailedRequest']);
    expect(last).toMatchObject({
      reason: 'timeout',
      stage: 'execution',
      docker_process_exit_status: null,
      docker_process_stdout: 'started\n',
    });
    expect(left).toEqual([]);
  });

  it('by an archive that is none', async () => {
    const volume = make(InlineVolume, { contents: Buffer.from('no archive').toString('base64') });
    const { frames, last, left } = await runJob({ initial: { volume } });
    expect(types(frames)).toEqual(['V0ExecutorReadyRequest', 'V0JobFailedRequest']);
    expect(last).toMatchObject({ reason: 'download_failed', stage: 'volume_download' });
    expect(left).toEqual([]);
  });

  it('by a download that takes too long', async () => {
    const url = `http://${await silentServer()}/file`;
    const { last, left } = await runJob({
      initial: {
        volume: make(SingleFileVolume, { url, relative_path: 'file' }),
        executor_timing: timing({ allowed_leeway: 0, download_time_limit: 1 }),
      },
    });
    expect(last).toMatchObject({
      message_type: 'V0JobFailedRequest',
      reason: 'timeout',
      stage: 'volume_download',
    });
    expect(left).toEqual([]);
  });

  it('by a volume inside the private network, unless the operator allows it', async () => {
    const url = `http://${await silentServer()}/file?secret=1`;
    const volume = make(SingleFileVolume, { url, relative_path: 'file' });
    const { last } = await runJob({ initial: { volume }, settings: { allowPrivateAddresses: false } });
    expect(last).toMatchObject({
      reason: 'download_failed',
      message: expect.stringContaining('is not an address of the public internet') as string,
    });
    expect(last['message']).not.toContain('secret');
  });

  it('by an output that is not there to be uploaded: with what it printed', async () => {
    const upload = make(SingleFilePut, { url: 'http://127.0.0.1:1/x', relative_path: 'missing.txt' });
    const { frames, last } = await runJob({
      job: { docker_run_cmd: ['echo', 'hello'], output_upload: upload },
    });
    expect(types(frames)).toEqual([...untilExecution, 'V0ExecutionDoneRequest', 'V0JobFailedRequest']);
    expect(last).toMatchObject({
      reason: 'upload_failed',
      stage: 'result_upload',
      docker_process_stdout: 'hello\n',
    });
  });
});

describe('a job that the executor cannot run', () => {
  it.each<[string, Asked, string, string]>([
    [
      'a streaming job',
      { initial: { streaming_details: make(StreamingDetails, { public_key: 'key' }) } },
      'streaming_failed',
      'does not offer streaming yet',
    ],
    [
      'a job without any time limit',
      { initial: { executor_timing: null } },
      'generic_error',
      'neither executor_timing nor timeout_seconds',
    ],
    [
      'an image that no registry has',
      { initial: { docker_image: '127.0.0.1:1/none:such' } },
      'generic_error',
      'The image 127.0.0.1:1/none:such is not on this machine and cannot be pulled',
    ],
  ])('%s is refused before the executor is ready', async (_, asked, reason, words) => {
    const { frames, last, exitCode, left } = await runJob(asked);
    expect(types(frames)).toEqual(['V0HordeFailedRequest']);
    expect(last).toMatchObject({
      reported_by: 'executor',
      reason,
      message: expect.stringContaining(words) as string,
      context: { stage: 'executor_startup' },
    });
    expect(exitCode).toBe(0);
    expect(left).toEqual([]);
  });

  it('fails when its image does not come within the startup limit', async () => {
    const { frames, last } = await runJob({
      initial: { docker_image: `${await silentServer()}/slow:image` },
      options: { startupTimeLimit: 1 },
    });
    expect(types(frames)).toEqual(['V0HordeFailedRequest']);
    expect(last).toMatchObject({
      reason: 'generic_error',
      message: 'The executor was not ready within 1 s.',
      context: { stage: 'executor_startup' },
    });
  });

  it('fails when it has two volumes, or a script', async () => {
    const volume = make(HuggingfaceVolume, { repo_id: 'a/b' });
    const twice = await runJob({ initial: { volume }, job: { volume } });
    expect(twice.last).toMatchObject({ reason: 'generic_error', context: { stage: 'volume_download' } });
    const script = await runJob({ job: { raw_script: 'print(1)' } });
    expect(script.last).toMatchObject({ reason: 'generic_error', context: { stage: 'volume_download' } });
  });
});

describe('trouble on the way', () => {
  it('the connection is lost and comes back: the job goes on, and its result is delivered', async () => {
    const asked = requests(
      { docker_image: image.reference },
      { docker_image: image.reference, docker_run_cmd: ['echo', 'still here'] },
    );
    const miner = await ScriptedMiner.start();
    const running = await runExecutor(miner);
    const first = await miner.executor();
    await first.say(asked.initial);
    await first.next();
    await first.say(asked.job);
    await first.next();
    first.cut();
    const second = await miner.executor();
    await second.say(asked.initial, asked.job);
    expect(await running.exitCode).toBe(0);
    expect(types(second.frames)).toEqual([
      ...untilExecution,
      'V0ExecutionDoneRequest',
      'V0JobFinishedRequest',
    ]);
    expect(second.frames.at(-1)).toMatchObject({ docker_process_stdout: 'still here\n' });
  });

  it('the miner stays away: the executor ends with 1, and nothing of the job is left', async () => {
    const asked = requests(
      { docker_image: image.reference },
      { docker_image: image.reference, docker_run_cmd: ['true'] },
    );
    const miner = await ScriptedMiner.start();
    const running = await runExecutor(miner, { minerAbsenceLimit: 0 });
    const executor = await miner.executor();
    await executor.say(asked.initial, asked.job);
    await executor.next();
    await miner.close();
    expect(await running.exitCode).toBe(1);
    expect([...running.foldersLeft(), ...(await containersOf(asked.jobUuid))]).toEqual([]);
  });

  it('the executor is stopped: the job ends in words, and nothing of it is left', async () => {
    const asked = requests(
      { docker_image: image.reference },
      { docker_image: image.reference, docker_run_cmd: shell('trap "" TERM; sleep 300') },
    );
    const miner = await ScriptedMiner.start();
    const running = await runExecutor(miner);
    const executor = await miner.executor();
    await executor.say(asked.initial, asked.job);
    await containerRuns(asked.jobUuid);
    await running.stop();
    expect(executor.frames.at(-1)).toMatchObject({
      message_type: 'V0HordeFailedRequest',
      reason: 'generic_error',
      message: 'The executor was stopped.',
      context: { stage: 'execution' },
    });
    expect([...running.foldersLeft(), ...(await containersOf(asked.jobUuid))]).toEqual([]);
  });

  it('no job comes: the executor ends with 1 when its startup limit is over', async () => {
    const miner = await ScriptedMiner.start();
    const running = await runExecutor(miner, {}, { startupTimeLimit: 1 });
    expect(await running.exitCode).toBe(1);
  });
});
