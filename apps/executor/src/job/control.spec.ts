import { make, SingleFilePut, SingleFileVolume } from '@horde/protocol';
import { describe, expect, it } from 'vitest';
import { containerRuns } from '@horde/testing/job-containers';
import {
  shell,
  silentServer,
  startJob,
  type StartedJob,
  types,
  untilExecution,
  useImage,
} from '../testing/run-job.ts';

const image = useImage();

/** Resolves when the executor has said this. */
async function said({ executor }: StartedJob, type: string): Promise<void> {
  while ((await executor.next()).message_type !== type);
}

async function cancelled(job: StartedJob) {
  const started = Date.now();
  expect(job.control.cancel('the user')).toBe(true);
  const result = await job.finish();
  expect(Date.now() - started).toBeLessThan(10_000);
  expect(result.last).toMatchObject({
    message_type: 'V0JobFailedRequest',
    reason: 'unknown',
    message: 'Cancelled by the user.',
    context: { cancelled_by: 'the user' },
  });
  expect(result.exitCode).toBe(0);
  expect(result.left).toEqual([]);
  return result;
}

describe('a job that is cancelled', () => {
  it('while it runs, deaf to signals: it is gone within 10 s, with what it printed so far', async () => {
    const command = shell('trap "" TERM; echo so far; echo bad >&2; sleep 300');
    const job = await startJob(image, { job: { docker_run_cmd: command } });
    await containerRuns(job.jobUuid);
    for await (const { stream } of job.control.output!.follow()) if (stream === 'stderr') break;
    const { frames, last } = await cancelled(job);
    expect(types(frames)).toEqual([...untilExecution, 'V0JobFailedRequest']);
    expect(last).toMatchObject({
      stage: 'execution',
      docker_process_exit_status: null,
      docker_process_stdout: 'so far\n',
      docker_process_stderr: 'bad\n',
    });
  });

  it('while its image is pulled', async () => {
    const registry = await silentServer();
    const job = await startJob(image, {
      initial: { docker_image: `${registry}/slow:image` },
      settings: { jobAllowedRegistries: [registry] },
    });
    await expect.poll(() => job.control.output).not.toBeNull();
    const { frames, last } = await cancelled(job);
    expect(types(frames)).toEqual(['V0JobFailedRequest']);
    expect(last).toMatchObject({ stage: 'executor_startup', docker_process_stdout: null });
  });

  it('while its volume is fetched', async () => {
    const url = `http://${await silentServer()}/file`;
    const volume = make(SingleFileVolume, { url, relative_path: 'file' });
    const job = await startJob(image, { initial: { volume } });
    await job.isReady;
    const { frames, last } = await cancelled(job);
    expect(types(frames)).toEqual(['V0ExecutorReadyRequest', 'V0JobFailedRequest']);
    expect(last).toMatchObject({ stage: 'volume_download' });
  });

  it('while its results are uploaded: with its exit code and what it printed', async () => {
    const url = `http://${await silentServer()}/x`;
    const output_upload = make(SingleFilePut, { url, relative_path: 'stdout.txt' });
    const job = await startJob(image, { job: { docker_run_cmd: ['echo', 'hello'], output_upload } });
    await job.isReady;
    await said(job, 'V0ExecutionDoneRequest');
    const { last } = await cancelled(job);
    expect(last).toMatchObject({
      stage: 'result_upload',
      docker_process_exit_status: 0,
      docker_process_stdout: 'hello\n',
    });
  });

  it('twice is cancelled once, and one that is over not at all', async () => {
    const job = await startJob(image, { job: { docker_run_cmd: ['sleep', '300'] } });
    await containerRuns(job.jobUuid);
    expect(job.control.cancel('the user')).toBe(true);
    expect(job.control.cancel('somebody else')).toBe(false);
    const { last } = await job.finish();
    expect(last).toMatchObject({ context: { cancelled_by: 'the user' } });
    expect(job.control.cancel('the user')).toBe(false);
  });
});

describe('the output of a job that runs', () => {
  it('is there while it comes, to its last byte', async () => {
    const command = shell('echo one; echo two; echo three >&2');
    const job = await startJob(image, { job: { docker_run_cmd: command } });
    await expect.poll(() => job.control.output).not.toBeNull();
    const text = { stdout: '', stderr: '' };
    for await (const { stream, bytes, missed } of job.control.output!.follow()) {
      expect(missed).toBe(0);
      text[stream] += bytes.toString();
    }
    expect(text).toEqual({ stdout: 'one\ntwo\n', stderr: 'three\n' });
    const { last } = await job.finish();
    expect(last).toMatchObject({ docker_process_stdout: text.stdout, docker_process_stderr: text.stderr });
  });

  it('comes before the job has ended', async () => {
    const job = await startJob(image, { job: { docker_run_cmd: shell('echo started; sleep 300') } });
    await expect.poll(() => job.control.output).not.toBeNull();
    const first = await job.control.output!.follow().next();
    expect(first.value).toMatchObject({ stream: 'stdout', bytes: Buffer.from('started\n') });
    await cancelled(job);
  });

  it('that nobody follows slows nothing down', async () => {
    const command = shell('busybox yes 0123456789 | busybox head -c 20000000');
    const job = await startJob(image, { job: { docker_run_cmd: command } });
    const { last } = await job.finish();
    expect(last).toMatchObject({ message_type: 'V0JobFinishedRequest' });
  });
});
