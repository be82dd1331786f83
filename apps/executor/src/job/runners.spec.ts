import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { loadSettings } from '@horde/settings';
import { describe, expect, it, onTestFinished } from 'vitest';
import { makeJobFolder } from '@horde/testing/job-containers';
import { ExecutorSettings } from '../settings.ts';
import { runJob, shell, types, untilExecution, useImage } from '../testing/run-job.ts';
import { runnerOptions } from './runners.ts';

const image = useImage();

const settingsOf = (environment: Record<string, string>) =>
  loadSettings(ExecutorSettings, {
    MINER_ADDRESS: 'ws://miner:1',
    EXECUTOR_TOKEN: 'the-token',
    ...environment,
  }).settings;

describe('what an operator sets for jobs', () => {
  it('is passed on to the runner, by executor class', () => {
    const settings = settingsOf({
      JOB_MEMORY_BYTES: 'always_on.llm.a6000=64g,*=8g',
      JOB_CPUS: '1.5',
      JOB_PIDS: 'always_on.test=100',
      JOB_SHM_BYTES: '1g',
      JOB_DISK_MAX_BYTES: '100g',
      JOB_LOG_MAX_BYTES: '1m',
      JOB_RUNTIME: 'always_on.test=runc',
      JOB_READ_ONLY_ROOT: 'true',
      JOB_DROP_CAPABILITIES: '*=yes',
      JOB_REQUIRE_DIGEST: 'false',
      JOB_ALLOWED_REGISTRIES: 'docker.io/library, ghcr.io',
      DEBUG_NO_GPU_MODE: '1',
      EXECUTOR_GPUS: '2,GPU-5f3c6a1e-0d1b-7c2a-9b1e-2f4d5a6b7c8d',
    });
    const everywhere = {
      noGpu: true,
      gpus: ['2', 'GPU-5f3c6a1e-0d1b-7c2a-9b1e-2f4d5a6b7c8d'],
      token: 'the-token',
      cpus: 1.5,
      shmBytes: 2 ** 30,
      diskMaxBytes: 100 * 2 ** 30,
      logMaxBytes: 2 ** 20,
      readOnlyRoot: true,
      dropAllCapabilities: true,
      requireDigest: false,
      marksPulled: false,
      allowedRegistries: ['docker.io/library', 'ghcr.io'],
    };
    expect(runnerOptions(settings, 'always_on.test')).toEqual({
      ...everywhere,
      memoryBytes: 8 * 2 ** 30,
      pids: 100,
      runtime: 'runc',
    });
    expect(runnerOptions(settings, 'always_on.llm.a6000')).toEqual({
      ...everywhere,
      memoryBytes: 64 * 2 ** 30,
    });
  });

  it('leaves all else to the runner’s defaults', () => {
    expect(runnerOptions(settingsOf({}), 'always_on.test')).toEqual({
      noGpu: false,
      marksPulled: false,
      token: 'the-token',
    });
  });
});

describe('an operator’s own runner', () => {
  it('runs the job, with what it changes', async () => {
    const file = path.join(makeJobFolder().path, '..', `runner-${process.pid}.ts`);
    onTestFinished(() => rmSync(file));
    writeFileSync(
      file,
      `import { DefaultJobRunner, type JobSpec } from '@horde/job-runner';
       export class Greeter extends DefaultJobRunner {
         protected override async command(spec: JobSpec): Promise<string[]> {
           return ['sh', '-c', 'echo greeted; exec "$@"', 'sh', ...(await super.command(spec))];
         }
       }`,
    );
    const { frames, last, left } = await runJob(image, {
      options: { jobRunner: `${file}:Greeter` },
      job: { docker_run_cmd: shell('echo done') },
    });
    expect(types(frames)).toEqual([...untilExecution, 'V0ExecutionDoneRequest', 'V0JobFinishedRequest']);
    expect(last).toMatchObject({ docker_process_stdout: 'greeted\ndone\n' });
    expect(left).toEqual([]);
  });

  it.each([
    ['Failing', 'Making a job runner of .*:Failing failed: no licence'],
    ['Stranger', '.*:Stranger is no job runner: it has no prepare\\(\\)\\.'],
  ])('that is none fails the job with a sentence: %s', async (name, words) => {
    const file = path.join(makeJobFolder().path, '..', `${name}-${process.pid}.ts`);
    onTestFinished(() => rmSync(file));
    writeFileSync(
      file,
      `export class Failing { constructor() { throw new TypeError('no licence'); } }
       export class Stranger { run() {} }`,
    );
    const { last, left } = await runJob(image, { options: { jobRunner: `${file}:${name}` } });
    expect(last).toMatchObject({
      message_type: 'V0HordeFailedRequest',
      reason: 'generic_error',
      message: expect.stringMatching(`^The executor's own job runner cannot be used: ${words}`) as string,
    });
    expect(left).toEqual([]);
  });
});

describe('an image that the operator does not allow', () => {
  it('fails the job before the executor is ready, although it is on the machine', async () => {
    const { frames, last } = await runJob(image, { settings: { jobAllowedRegistries: ['ghcr.io'] } });
    expect(types(frames)).toEqual(['V0JobFailedRequest']);
    expect(last).toMatchObject({
      reason: 'unknown',
      stage: 'executor_startup',
      message: expect.stringContaining('ghcr.io') as string,
    });
  });
});
