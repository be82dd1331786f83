import type Docker from 'dockerode';
import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { JobFailure } from '../failures.ts';
import type { JobFolders, JobSpec } from '../runner.ts';
import { dockerJobs } from '../testing/docker-jobs.ts';
import { DefaultJobRunner } from './default-job-runner.ts';

describe('a runner made from the default one', () => {
  const { job, test } = dockerJobs();

  it('changes image, command and options, and is called before, while and after the container is there', async () => {
    const calls: string[] = [];
    class Custom extends DefaultJobRunner {
      protected override async image() {
        return test.image.reference;
      }
      protected override async command(spec: JobSpec) {
        return ['sh', '-c', `echo "$WHO"; echo ${spec.command.at(-1)}`];
      }
      protected override async containerOptions(_spec: JobSpec, options: Docker.ContainerCreateOptions) {
        return { ...options, Env: [...options.Env!, 'WHO=operator'] };
      }
      protected override async beforeStart(_spec: JobSpec, folders: JobFolders) {
        calls.push(`before ${existsSync(folders.output)}`);
      }
      protected override async afterStart(_spec: JobSpec, id: string) {
        const { State } = await this.docker.getContainer(id).inspect();
        calls.push(`after ${State.StartedAt !== '0001-01-01T00:00:00Z'}`);
      }
      protected override async jobCleanup(spec: JobSpec) {
        calls.push(`cleanup ${spec.image}`);
      }
    }
    const { run, runner, jobUuid } = await job('original', {}, { image: 'not-on-this-machine' }, Custom);
    expect(await run()).toMatchObject({ exitCode: 0, stdout: 'operator\noriginal\n' });
    await runner.cleanUp(jobUuid);
    await runner.cleanUp(jobUuid);
    expect(calls).toEqual(['before true', 'after true', 'cleanup not-on-this-machine']);
  });

  it.each(['image', 'command', 'containerOptions', 'beforeStart', 'afterStart'])(
    'fails the machine, by the name of the method that failed: %s',
    async (method) => {
      class Broken extends DefaultJobRunner {}
      Object.assign(Broken.prototype, {
        [method]: () => {
          throw new Error('no licence left');
        },
      });
      const { run, left } = await job('while :; do sleep 1; done', {}, {}, Broken);
      await expect(run()).rejects.toThrow(`Broken's ${method}() failed: no licence left.`);
      expect(await left()).toEqual([]);
    },
  );

  it.each(['image', 'beforeStart', 'afterStart'])(
    'does not keep an aborted job from ending by a method that does not end: %s',
    async (method) => {
      const called = Promise.withResolvers<void>();
      class Stuck extends DefaultJobRunner {}
      Object.assign(Stuck.prototype, {
        [method]: () => {
          called.resolve();
          return new Promise(() => {});
        },
      });
      const { run, left } = await job('while :; do sleep 1; done', {}, {}, Stuck);
      const controller = new AbortController();
      const ended = run(600_000, { signal: controller.signal });
      ended.catch(() => {}); // looked at below
      await called.promise;
      controller.abort(new Error('changed my mind'));
      await expect(ended).rejects.toThrow('changed my mind');
      expect(await left()).toEqual([]);
    },
  );

  it('may refuse a job', async () => {
    const refusal = new JobFailure('NOT_HERE', 'Not on this machine.', {
      reason: 'unknown',
      stage: 'execution',
      retryable: false,
    });
    class Picky extends DefaultJobRunner {
      protected override beforeStart() {
        return Promise.reject(refusal);
      }
    }
    await expect((await job('true', {}, {}, Picky)).run()).rejects.toBe(refusal);
  });
});
