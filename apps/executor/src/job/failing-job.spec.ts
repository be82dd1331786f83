import {
  HuggingfaceVolume,
  InlineVolume,
  make,
  SingleFilePut,
  SingleFileVolume,
  ZipUrlVolume,
} from '@horde/protocol';
import { describe, expect, it } from 'vitest';
import { requests } from '@horde/testing/miner-executor/requests';
import { ScriptedMiner } from '@horde/testing/miner-executor/scripted-miner';
import { runExecutor } from '../testing/run-executor.ts';
import {
  type Asked,
  runJob,
  shell,
  silentServer,
  types,
  untilExecution,
  useImage,
  webServer,
} from '../testing/run-job.ts';

const image = useImage();

describe('a job that fails', () => {
  it('by its exit code: with it, and with what it printed', async () => {
    const { frames, last, exitCode, left } = await runJob(image, {
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
    const { last, left } = await runJob(image, { job: { docker_run_cmd: ['/no/such/binary'] } });
    expect(last).toMatchObject({
      message_type: 'V0JobFailedRequest',
      reason: 'nonzero_return_code',
      docker_process_exit_status: 127,
      message: expect.stringContaining('The command "/no/such/binary" is not in the image.') as string,
    });
    expect(left).toEqual([]);
  });

  it('by an archive that is none', async () => {
    const volume = make(InlineVolume, { contents: Buffer.from('no archive').toString('base64') });
    const { frames, last, left } = await runJob(image, { initial: { volume } });
    expect(types(frames)).toEqual(['V0ExecutorReadyRequest', 'V0JobFailedRequest']);
    expect(last).toMatchObject({ reason: 'download_failed', stage: 'volume_download' });
    expect(left).toEqual([]);
  });

  it('by a volume inside the private network, unless the operator allows it', async () => {
    const url = `http://${await silentServer()}/file?secret=1`;
    const volume = make(SingleFileVolume, { url, relative_path: 'file' });
    const { last } = await runJob(image, { initial: { volume }, settings: { allowPrivateAddresses: false } });
    expect(last).toMatchObject({
      reason: 'download_failed',
      message: expect.stringContaining('is not an address of the public internet') as string,
    });
    expect(last['message']).not.toContain('secret');
  });

  it.each([
    ['a server that does not have it', '/missing', 'HTTP 404'],
    ['an archive that is none', '/text', 'cannot be unpacked'],
  ])('by a volume of %s', async (_, place, words) => {
    const contents = `${await webServer()}${place}`;
    const { frames, last } = await runJob(image, {
      initial: { volume: make(ZipUrlVolume, { contents }) },
    });
    expect(types(frames)).toEqual(['V0ExecutorReadyRequest', 'V0JobFailedRequest']);
    expect(last).toMatchObject({
      reason: 'download_failed',
      stage: 'volume_download',
      message: expect.stringContaining(words) as string,
    });
  });

  it('by a volume of a server that is not there', async () => {
    const volume = make(SingleFileVolume, { url: 'http://127.0.0.1:1/file', relative_path: 'file' });
    const { last } = await runJob(image, { initial: { volume } });
    expect(last).toMatchObject({
      message_type: 'V0JobFailedRequest',
      reason: 'download_failed',
      stage: 'volume_download',
      message: expect.stringContaining('the connection was refused') as string,
    });
  });

  it('by a server that does not take its output: with its exit code and what it printed', async () => {
    const url = `${await webServer()}/missing`;
    const upload = make(SingleFilePut, { url, relative_path: 'stdout.txt' });
    const { last } = await runJob(image, {
      job: { docker_run_cmd: ['echo', 'hello'], output_upload: upload },
    });
    expect(last).toMatchObject({
      message_type: 'V0JobFailedRequest',
      reason: 'upload_failed',
      stage: 'result_upload',
      message: expect.stringContaining('404') as string,
      docker_process_exit_status: 0,
      docker_process_stdout: 'hello\n',
    });
  });

  it('by an output that is not there to be uploaded: with what it printed', async () => {
    const upload = make(SingleFilePut, { url: 'http://127.0.0.1:1/x', relative_path: 'missing.txt' });
    const { frames, last } = await runJob(image, {
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

describe('a job whose result is larger than a frame', () => {
  it('fails with both sizes', async () => {
    const storage = await webServer(Buffer.alloc(5_000_000, 1)); // on the wire seven times as long
    const write =
      'for name in a b c d e f g h i j k l m n o p; do head -c 999999 /dev/zero > "$0/$name"; done';
    const { frames, last } = await runJob(image, {
      options: { jobRunner: 'process' },
      job: {
        docker_run_cmd: ['sh', '-c', write, '/artifacts'],
        artifacts_dir: '/artifacts',
        output_upload: make(SingleFilePut, { url: `${storage}/text`, relative_path: 'stdout.txt' }),
      },
    });
    expect(types(frames)).toEqual([...untilExecution, 'V0ExecutionDoneRequest', 'V0JobFailedRequest']);
    expect(last).toMatchObject({
      reason: 'upload_failed',
      stage: 'result_upload',
      message: expect.stringMatching(/a message of \d{8} bytes, and 52428\d{3} is the most/) as string,
    });
  });
});

describe('a job that the executor cannot run', () => {
  it.each<[string, Asked, string, string]>([
    [
      'a job without any time limit',
      { initial: { executor_timing: null } },
      'generic_error',
      'neither executor_timing nor timeout_seconds',
    ],
    [
      'an image that no registry has',
      {
        initial: { docker_image: '127.0.0.1:1/none:such' },
        settings: { jobAllowedRegistries: ['127.0.0.1:1'] },
      },
      'generic_error',
      'The image 127.0.0.1:1/none:such is not on this machine and cannot be pulled',
    ],
  ])('%s is refused before the executor is ready', async (_, asked, reason, words) => {
    const { frames, last, exitCode, left } = await runJob(image, asked);
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

  it.each([
    ['has the wrong shape', 'docker_run_cmd'],
    ['is no JSON', 'half of a surrogate pair'],
  ])('fails at once when its request %s', async (_, words) => {
    const docker_run_cmd = words === 'docker_run_cmd' ? ('true' as never) : ['echo', '\ud800'];
    const { frames, last, exitCode, left } = await runJob(image, { job: { docker_run_cmd } });
    expect(types(frames)).toEqual(['V0ExecutorReadyRequest', 'GenericError', 'V0HordeFailedRequest']);
    expect(last).toMatchObject({
      reason: 'generic_error',
      message: expect.stringMatching(`^The executor cannot read the job's request: .*${words}`) as string,
      context: { stage: 'volume_download' },
    });
    expect(exitCode).toBe(0);
    expect(left).toEqual([]);
  });

  it('fails at once when its request cannot be read, though its image is not here yet', async () => {
    const miner = await ScriptedMiner.start();
    await runExecutor(miner);
    const executor = await miner.executor();
    const { initial, job } = requests(
      { docker_image: `${await silentServer()}/slow:image` },
      { docker_run_cmd: 'true' as never },
    );
    await executor.say(initial, job);
    expect(await executor.next()).toMatchObject({ message_type: 'GenericError' });
    expect(await executor.next()).toMatchObject({
      message: expect.stringMatching("^The executor cannot read the job's request: ") as string,
      context: { stage: 'executor_startup' },
    });
  });

  it('fails when it has two volumes', async () => {
    const volume = make(HuggingfaceVolume, { repo_id: 'a/b' });
    const { last } = await runJob(image, { initial: { volume }, job: { volume } });
    expect(last).toMatchObject({
      message_type: 'V0HordeFailedRequest',
      reason: 'generic_error',
      context: { stage: 'volume_download' },
    });
  });

  it('fails when the operator has named a job runner that is not there', async () => {
    const { last, exitCode } = await runJob(image, { options: { jobRunner: '/no/such/runner.ts:Runner' } });
    expect(last).toMatchObject({
      message_type: 'V0HordeFailedRequest',
      reason: 'generic_error',
      message: "The executor's own job runner cannot be used: There is no file /no/such/runner.ts.",
      context: { stage: 'executor_startup' },
    });
    expect(exitCode).toBe(0);
  });

  it('fails when the operator has named a runtime that the engine does not have', async () => {
    const { last } = await runJob(image, { settings: { jobRuntime: 'no-such-runtime' } });
    expect(last).toMatchObject({
      message_type: 'V0HordeFailedRequest',
      message: expect.stringContaining('no-such-runtime') as string,
    });
  });
});

describe('a job that the engine refuses for what it asks', () => {
  it.each<[string, Asked]>([
    ['a variable without a name', { job: { env: new Map([['', 'x']]) } }],
    [
      'an image whose name no image can have',
      { initial: { docker_image: null }, job: { docker_image: 'a/B:c' } },
    ],
    ['an image whose name holds a blank', { initial: { docker_image: null }, job: { docker_image: 'a b' } }],
    ['an artifacts folder that is no path', { job: { artifacts_dir: 'artifacts' } }],
  ])('%s: the job failed', async (_, asked) => {
    const { last, left } = await runJob(image, asked);
    expect(last).toMatchObject({ message_type: 'V0JobFailedRequest', reason: 'unknown' });
    expect(last['message']).toMatch(/^[^:].*\.$/);
    expect(left).toEqual([]);
  });
});
