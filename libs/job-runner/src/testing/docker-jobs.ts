import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, onTestFinished } from 'vitest';
import { makeTestImage, type TestImage } from '@horde/testing/test-image';
import { DefaultJobRunner, type DefaultJobRunnerOptions } from '../docker/default-job-runner.ts';
import { makeJobFolders, removeJobFolders } from '../folders.ts';
import type { JobSpec, RunOptions } from '../runner.ts';

/** For the top of a `describe`: a folder and an image for all its tests, and jobs that run in them. */
export function dockerJobs() {
  const test = {} as { base: string; image: TestImage };

  beforeAll(async () => {
    test.base = mkdtempSync(path.join(tmpdir(), 'horde-docker-'));
    test.image = await makeTestImage();
  });
  afterAll(async () => {
    await test.image?.remove();
    rmSync(test.base, { recursive: true, force: true });
  });

  /** A job of a shell script, not started yet; its folders go with the test. */
  async function job(
    script: string,
    options: DefaultJobRunnerOptions = {},
    spec: Partial<JobSpec> = {},
    Runner = DefaultJobRunner,
  ) {
    const folders = await makeJobFolders(test.base, 'job');
    onTestFinished(() => removeJobFolders(folders));
    const jobUuid = randomUUID();
    const full: JobSpec = {
      jobUuid,
      image: test.image.reference,
      command: ['sh', '-c', script],
      env: new Map(),
      artifactsDir: '/artifacts',
      gpu: 'none',
      script: null,
      ...spec,
    };
    const runner = new Runner(options);
    const { signal } = new AbortController();
    /** @param limit until the job's deadline, in milliseconds */
    const run = (limit = 25_000, more: Partial<RunOptions> = {}) =>
      runner.run(full, folders, { signal, deadline: Date.now() + limit, ...more });
    const filters = { label: [`horde.job=${jobUuid}`] };
    const left = () => test.image.docker.listContainers({ all: true, filters });
    return { jobUuid, folders, run, left, runner };
  }

  /**
   * The image as a script leaves it, and with other instructions; it goes with the test.
   *
   * @param changes a line of a Dockerfile, or none
   */
  async function changedImage(script: string, changes?: string): Promise<string> {
    const { docker, reference } = test.image;
    const container = await docker.createContainer({ Image: reference, Cmd: ['sh', '-c', script || 'true'] });
    await container.start();
    await container.wait();
    const tag = randomUUID();
    await container.commit({ repo: 'horde-test/changed', tag, ...(changes && { changes }) });
    await container.remove();
    const image = `horde-test/changed:${tag}`;
    onTestFinished(() => docker.getImage(image).remove({ force: true }) as Promise<void>);
    return image;
  }

  return { job, test, changedImage };
}
