import * as library from '@horde/job-runner';
import { createLogger } from '@horde/operations';
import { toPlain } from '@horde/protocol';
import { describe, expect, it } from 'vitest';
import { makeJobFolder } from '@horde/testing/job-containers';
import { requests } from '@horde/testing/miner-executor/requests';
import { KeptOutput } from '../miner/kept-output.ts';
import { ExecutorSettings } from '../settings.ts';
import { failureMessage } from './failure.ts';
import { JobTrace } from './job-trace.ts';
import { Job } from './job.ts';
import type { Machine } from './machine.ts';

/** A job on a machine whose check ends like this; the job itself would run as a plain process. */
function jobOn(checked: Promise<void>, jobRequest: Promise<never> | null = null) {
  checked.catch(() => {}); // looked at by the job
  const folder = makeJobFolder();
  const { initial, job: request } = requests({}, { docker_run_cmd: ['touch', 'ran'] });
  const logger = createLogger('executor');
  logger.level = 'silent';
  const said: string[] = [];
  const runner = new library.ProcessJobRunner();
  const machine: Machine = {
    runner,
    docker: null,
    checked,
    specs: () => null,
    described: Promise.resolve(),
    close: (uuid) => runner.cleanUp(uuid),
  };
  const job = new Job(initial, {
    settings: Object.assign(new ExecutorSettings(), { jobFolder: folder.path }),
    logger,
    library: Promise.resolve(library),
    openMachine: async () => machine,
    request: jobRequest ?? Promise.resolve(request),
    say: (message) => said.push((message as { message_type: string }).message_type),
    mention: () => {},
    kept: new KeptOutput(),
    stop: new AbortController().signal,
    trace: new JobTrace(request.job_uuid, new Date()),
  });
  return { job, said, left: folder.left };
}

const unsafe = () =>
  new library.SecurityCheckFailed('A job could leave its container.', {
    return_code: 0,
    stdout: 'mounted',
    stderr: '',
  });

describe('a machine that is not safe', () => {
  it('fails a job at once, even while nothing but its request is waited for', async () => {
    const { job, said, left } = jobOn(Promise.reject(unsafe()), new Promise<never>(() => {}));
    const error: unknown = await job.run(Date.now() + 10_000, 10).catch((thrown: unknown) => thrown);
    const message = failureMessage(error, job.progress);
    expect(message).toMatchObject({
      message_type: 'V0HordeFailedRequest',
      reported_by: 'executor',
      reason: 'security_check_failed',
    });
    expect(toPlain(message.context)).toMatchObject({ return_code: 0, stdout: 'mounted', stderr: '' });
    expect(said).not.toContain('V0VolumesReadyRequest');
    await job.cleanUp();
    expect(left()).toEqual([]);
  });

  it('starts no job while it is not known to be safe', async () => {
    const check = Promise.withResolvers<void>();
    const { job } = jobOn(check.promise);
    const ended = job.run(Date.now() + 10_000, 10).catch((thrown: unknown) => thrown);
    await expect.poll(() => job.progress.stage).toBe('execution');
    check.reject(unsafe());
    expect(await ended).toBeInstanceOf(library.SecurityCheckFailed);
    expect(job.progress.outcome).toBeNull();
    await job.cleanUp();
  });

  it('runs a job as soon as it is known to be safe', async () => {
    const check = Promise.withResolvers<void>();
    const { job } = jobOn(check.promise);
    const ended = job.run(Date.now() + 10_000, 10);
    await expect.poll(() => job.progress.stage).toBe('execution');
    check.resolve();
    await ended;
    expect(job.progress.outcome).toMatchObject({ exitCode: 0 });
    await job.cleanUp();
  });
});
