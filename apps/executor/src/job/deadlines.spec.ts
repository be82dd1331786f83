import { make, SingleFilePut, SingleFileVolume } from '@horde/protocol';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { timing } from '@horde/testing/miner-executor/requests';
import { ScriptedMiner } from '@horde/testing/miner-executor/scripted-miner';
import { runExecutor } from '../testing/run-executor.ts';
import {
  runJob,
  shell,
  silentServer,
  startJob,
  types,
  untilExecution,
  useImage,
} from '../testing/run-job.ts';

const image = useImage();

const sleeper = shell('trap "" TERM; echo started; sleep 300');
const upload = async () =>
  make(SingleFilePut, { url: `http://${await silentServer()}/x`, relative_path: 'stdout.txt' });

describe('time is over', () => {
  it('before a job has come: the executor ends with 1', async () => {
    const miner = await ScriptedMiner.start();
    const running = await runExecutor(miner, {}, { startupTimeLimit: 1 });
    expect(await running.exitCode).toBe(1);
  });

  it('before the image is here: the horde failed', async () => {
    const registry = await silentServer();
    const { frames, last, exitCode, left } = await runJob(image, {
      settings: { jobAllowedRegistries: [registry] },
      initial: { docker_image: `${registry}/slow:image` },
      options: { startupTimeLimit: 1 },
    });
    expect(types(frames)).toEqual(['V0HordeFailedRequest']);
    expect(last).toMatchObject({
      reported_by: 'executor',
      reason: 'generic_error',
      message: 'The executor was not ready within 1 s.',
      context: { stage: 'executor_startup' },
    });
    expect(exitCode).toBe(0);
    expect(left).toEqual([]);
  });

  it('while the volume is fetched: the job timed out', async () => {
    const url = `http://${await silentServer()}/file`;
    const { frames, last, left } = await runJob(image, {
      initial: {
        volume: make(SingleFileVolume, { url, relative_path: 'file' }),
        executor_timing: timing({ allowed_leeway: 0, download_time_limit: 1 }),
      },
    });
    expect(types(frames)).toEqual(['V0ExecutorReadyRequest', 'V0JobFailedRequest']);
    expect(last).toMatchObject({ reason: 'timeout', stage: 'volume_download' });
    expect(left).toEqual([]);
  });

  it('while the job runs: it is killed, what it printed is kept, and nothing is uploaded', async () => {
    const { frames, last, left } = await runJob(image, {
      initial: { executor_timing: timing({ execution_time_limit: 6 }) },
      job: { docker_run_cmd: sleeper, output_upload: await upload() },
    });
    expect(types(frames)).toEqual([...untilExecution, 'V0JobFailedRequest']);
    expect(last).toMatchObject({
      reason: 'timeout',
      stage: 'execution',
      message: expect.stringContaining('still running when its time was over') as string,
      docker_process_exit_status: null,
      docker_process_stdout: 'started\n',
    });
    expect(left).toEqual([]);
  });

  it('while the results are uploaded: the job timed out, with what it printed', async () => {
    const { frames, last, left } = await runJob(image, {
      initial: {
        executor_timing: timing({
          allowed_leeway: 0,
          download_time_limit: 4,
          execution_time_limit: 8,
          upload_time_limit: 0,
        }),
      },
      job: { docker_run_cmd: ['echo', 'hello'], output_upload: await upload() },
    });
    expect(types(frames)).toEqual([...untilExecution, 'V0ExecutionDoneRequest', 'V0JobFailedRequest']);
    expect(last).toMatchObject({
      reason: 'timeout',
      stage: 'result_upload',
      docker_process_exit_status: 0,
      docker_process_stdout: 'hello\n',
    });
    expect(left).toEqual([]);
  });

  it('of the single limit that older validators send: in whatever stage it is', async () => {
    const initial = { executor_timing: null, timeout_seconds: 10 };
    const [running, uploading] = await Promise.all([
      runJob(image, { initial, job: { docker_run_cmd: sleeper } }),
      runJob(image, { initial, job: { docker_run_cmd: ['true'], output_upload: await upload() } }),
    ]);
    expect(running.last).toMatchObject({
      message_type: 'V0JobFailedRequest',
      reason: 'timeout',
      stage: 'execution',
      docker_process_stdout: 'started\n',
    });
    expect(uploading.last).toMatchObject({
      message_type: 'V0JobFailedRequest',
      reason: 'timeout',
      stage: 'result_upload',
    });
  });
});

describe('a machine whose clock is set', () => {
  it.each([1, -1])('while it has a job (by %i h): the job has the time that it was given', async (hours) => {
    const { isReady, finish } = await startJob(image, {
      job: { docker_run_cmd: shell('sleep 1; echo done') },
    });
    await isReady;
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + hours * 3_600_000 });
    onTestFinished(() => void vi.useRealTimers());
    expect((await finish()).last).toMatchObject({ docker_process_stdout: 'done\n' });
  });
});

describe('time that a stage leaves over', () => {
  it('is the next one’s: an upload may take what the download did not', async () => {
    const { last } = await runJob(image, {
      initial: {
        executor_timing: timing({ download_time_limit: 20, execution_time_limit: 10, upload_time_limit: 0 }),
      },
      job: {
        docker_run_cmd: ['echo', 'hello'],
        output_upload: make(SingleFilePut, { url: 'http://127.0.0.1:1/x', relative_path: 'stdout.txt' }),
      },
    });
    // All three tries to reach the server, and the pauses between them, are after the upload's own time.
    expect(last).toMatchObject({ reason: 'upload_failed', stage: 'result_upload' });
  });

  it('is not the container’s: it has no more than its own limit', async () => {
    // With the time of the download it would run for longer than this test.
    const { last } = await runJob(image, {
      initial: { executor_timing: timing({ download_time_limit: 600, execution_time_limit: 1 }) },
      job: { docker_run_cmd: sleeper },
    });
    expect(last).toMatchObject({ reason: 'timeout', stage: 'execution' });
  });
});
