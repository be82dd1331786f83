import { CancelJob, InlineVolume, make, SingleFilePut, SingleFileVolume } from '@horde/protocol';
import { describe, expect, it, vi } from 'vitest';
import type { Extension } from '@horde/transport';
import { DurableMiner } from '@horde/testing/miner-executor/durable-miner';
import { containersOf } from '@horde/testing/job-containers';
import { requests } from '@horde/testing/miner-executor/requests';
import { runExecutor } from '../testing/run-executor.ts';
import { type Asked, shell, silentServer, useImage, zipped } from '../testing/run-job.ts';

const allOfJob = [
  'V0ExecutorReadyRequest',
  'V0VolumesReadyRequest',
  'V0ExecutionDoneRequest',
  'V0JobFinishedRequest',
];

/** A job that runs as a plain process, unless asked for otherwise; its miner speaks all extensions. */
async function start({ initial, job, settings, options }: Asked = {}, extensions?: Extension[]) {
  const miner = await DurableMiner.start(extensions);
  const asked = requests(initial, job);
  miner.give(asked.initial, asked.job);
  const running = await runExecutor(miner, settings, { jobRunner: 'process', ...options });
  const cancel = () => miner.give(make(CancelJob, { job_uuid: asked.jobUuid, cancelled_by: 'the user' }));
  return { miner, running, cancel, ...asked };
}

type Started = Awaited<ReturnType<typeof start>>;

async function expectCancelled({ miner, running, cancel }: Started, stage: string) {
  cancel();
  expect(await running.exitCode).toBe(0);
  expect(miner.database.taken.at(-1)).toMatchObject({
    message_type: 'V0JobFailedRequest',
    reason: 'unknown',
    stage,
    message: 'Cancelled by the user.',
    context: { cancelled_by: 'the user' },
  });
  expect(running.foldersLeft()).toEqual([]);
}

describe('a job on a durable line', () => {
  it('is told of stage by stage, and its executor ends when the miner has it all', async () => {
    const { miner, running } = await start({ job: { docker_run_cmd: ['echo', 'hello'] } });
    expect(await running.exitCode).toBe(0);
    expect(miner.types).toEqual(allOfJob);
    expect(miner.database.taken.at(-1)).toMatchObject({ docker_process_stdout: 'hello\n' });
    expect(await miner.closed).toMatchObject({ code: 1000 });
  });

  it('ends well while its miner is killed and comes back again and again', async () => {
    const { miner, running } = await start({ job: { docker_run_cmd: shell('sleep 0.2; echo hello') } });
    const killed = new Set<number>();
    miner.afterCommit = (number) => {
      if (killed.has(number)) return;
      killed.add(number);
      void miner.goAway().then(() => miner.comeBack());
    };
    expect(await running.exitCode).toBe(0);
    expect(miner.types).toEqual(allOfJob);
    expect(killed.size).toBe(4);
  });

  it('has all that it prints stored by a miner that asks for it, though it is killed again and again', async () => {
    const count = 'i=0; while [ $i -lt 300 ]; do echo "line $i"; echo "note $i" >&2; i=$((i+1)); done';
    const { miner, running, jobUuid } = await start(
      { job: { docker_run_cmd: shell(`${count}; sleep 0.2; ${count}`) } },
      ['durable-1', 'logs-1', 'logs-2'],
    );
    miner.afterCommit = (number) => {
      if (number < 4) void miner.goAway().then(() => miner.comeBack());
    };
    expect(await running.exitCode).toBe(0);
    const { docker_process_stdout, docker_process_stderr } = miner.database.taken.at(-1)!;
    expect(miner.stored.text(jobUuid, 'stdout')).toBe(docker_process_stdout);
    expect(miner.stored.text(jobUuid, 'stderr')).toBe(docker_process_stderr);
    expect(miner.stored.position(jobUuid, 'stderr').ended).toBe(true);
    expect(miner.stored.gaps).toEqual([]);
    expect(miner.output).toEqual([]);
  });

  it('ends though its miner has its result and never stores what it has printed', async () => {
    const { miner, running, jobUuid } = await start(
      { job: { docker_run_cmd: ['echo', 'hello'] }, settings: { minerAbsenceLimit: 1 } },
      ['durable-1', 'logs-2'],
    );
    miner.stored.append = () => new Promise(() => {});
    await miner.has('V0JobFinishedRequest');
    expect(await running.exitCode).toBe(0);
    expect(miner.stored.text(jobUuid, 'stdout')).toBe('');
  });

  it('goes on while its miner is away, to a result that is delivered after', async () => {
    const { miner, running } = await start({
      settings: { minerAbsenceLimit: 0 },
      job: { docker_run_cmd: shell('sleep 0.5; echo hello') },
    });
    await miner.has('V0VolumesReadyRequest');
    await miner.goAway();
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    await miner.comeBack();
    expect(await running.exitCode).toBe(0);
    expect(miner.types).toEqual(allOfJob);
  });

  it('is cleaned up after, though the miner never comes back', async () => {
    const asked = { job: { docker_run_cmd: ['true'] }, settings: { minerAbsenceLimit: 0 } };
    const { miner, running } = await start(asked);
    await miner.has('V0VolumesReadyRequest');
    await miner.goAway();
    await expect.poll(() => running.foldersLeft()).toEqual([]);
  });
});

describe('a job that its miner cancels', () => {
  it('while its volume is fetched', async () => {
    const url = `http://${await silentServer()}/file`;
    const volume = make(SingleFileVolume, { url, relative_path: 'file' });
    const started = await start({ initial: { volume } });
    await started.miner.has('V0ExecutorReadyRequest');
    await expectCancelled(started, 'volume_download');
  });

  it('while it runs', async () => {
    const started = await start({ job: { docker_run_cmd: shell('echo so far; sleep 300') } });
    await expect.poll(() => started.miner.output.length).toBe(1);
    await expectCancelled(started, 'execution');
    expect(started.miner.database.taken.at(-1)).toMatchObject({ docker_process_stdout: 'so far\n' });
  });

  it('while its results are uploaded', async () => {
    const url = `http://${await silentServer()}/x`;
    const output_upload = make(SingleFilePut, { url, relative_path: 'stdout.txt' });
    const started = await start({ job: { docker_run_cmd: ['echo', 'hello'], output_upload } });
    await started.miner.has('V0ExecutionDoneRequest');
    await expectCancelled(started, 'result_upload');
  });

  it('together with its first request', async () => {
    const miner = await DurableMiner.start();
    const { initial, job, jobUuid } = requests();
    miner.give(initial, job, make(CancelJob, { job_uuid: jobUuid, cancelled_by: 'the user' }));
    const running = await runExecutor(miner, {}, { jobRunner: 'process' });
    expect(await running.exitCode).toBe(0);
    expect(miner.database.taken.at(-1)).toMatchObject({ message: 'Cancelled by the user.' });
  });

  it('while the miner is away from it, is cancelled when it is back', async () => {
    const started = await start({ job: { docker_run_cmd: ['sleep', '300'] } });
    await started.miner.has('V0VolumesReadyRequest');
    await started.miner.goAway();
    started.cancel();
    await started.miner.comeBack();
    expect(await started.running.exitCode).toBe(0);
    expect(started.miner.database.taken.at(-1)).toMatchObject({ message: 'Cancelled by the user.' });
  });

  it('when it has ended stays as it is', async () => {
    const { miner, running, cancel } = await start({ job: { docker_run_cmd: ['true'] } });
    miner.beforeCommit = (number) => {
      if (number === 4) cancel();
    };
    expect(await running.exitCode).toBe(0);
    expect(miner.types).toEqual(allOfJob);
  });
});

describe('the live output of a job', () => {
  it('arrives while the job runs, both streams', async () => {
    const started = await start({ job: { docker_run_cmd: shell('echo one; echo two >&2; sleep 300') } });
    const { miner } = started;
    await expect.poll(() => miner.output.length).toBe(2);
    expect(miner.output).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ stream: 'stdout', offset: 0, text: 'one\n' }),
        expect.objectContaining({ stream: 'stderr', offset: 0, text: 'two\n' }),
      ]),
    );
    expect(miner.types).not.toContain('V0ExecutionDoneRequest');
    await expectCancelled(started, 'execution');
  });

  it('has come to its end before the result', async () => {
    const { miner, running } = await start({ job: { docker_run_cmd: shell('seq 1 2000') } });
    let before = '';
    miner.beforeCommit = (number) => {
      if (number === 4) before = miner.output.map(({ text }) => text).join('');
    };
    expect(await running.exitCode).toBe(0);
    expect(before).toBe(Array.from({ length: 2_000 }, (_, index) => `${index + 1}\n`).join(''));
  });
});

describe('a warm executor', () => {
  const image = useImage();
  const warm = { executorToken: `warm-${crypto.randomUUID()}` };

  it('connects when its machine is checked, waits for longer than a job may take to get ready, and runs one', async () => {
    const miner = await DurableMiner.start();
    const running = await runExecutor(miner, { ...warm, noGpu: false }, { startupTimeLimit: 2 });
    await miner.connected();
    // Longer than a job may take to get ready: what it waits for here is none of that.
    await new Promise((resolve) => setTimeout(resolve, 2_100));
    const volume = make(InlineVolume, { contents: await zipped('in.txt', 'input') });
    const { initial, job, jobUuid } = requests(
      { docker_image: image.reference, volume },
      { docker_image: image.reference, docker_run_cmd: shell('cat /volume/in.txt') },
    );
    miner.give(initial);
    await miner.has('V0ExecutorReadyRequest');
    miner.give(job);
    expect(await running.exitCode).toBe(0);
    // What its machine is made of is known before, and told in time of the shortest job.
    expect(miner.types).toEqual([...allOfJob.slice(0, 3), 'V0MachineSpecsRequest', 'V0JobFinishedRequest']);
    expect(miner.database.taken.at(-1)).toMatchObject({ docker_process_stdout: 'input' });
    expect([...running.foldersLeft(), ...(await containersOf(jobUuid))]).toEqual([]);
  });

  it('runs a job of another class than it is ready for', async () => {
    const miner = await DurableMiner.start();
    const running = await runExecutor(miner, { ...warm, executorClass: 'always_on.cpu.8c.16gb' });
    await miner.connected();
    const { initial, job, jobUuid } = requests(
      { docker_image: image.reference },
      { docker_image: image.reference },
    );
    miner.give(initial, job);
    expect(await running.exitCode).toBe(0);
    expect(miner.types).toEqual(allOfJob);
    expect([...running.foldersLeft(), ...(await containersOf(jobUuid))]).toEqual([]);
  });

  it('does not connect, and ends with 1, on a machine that cannot be checked', async () => {
    vi.stubEnv('DOCKER_HOST', 'tcp://127.0.0.1:1');
    const miner = await DurableMiner.start();
    const running = await runExecutor(miner, warm);
    expect(await running.exitCode).toBe(1);
    vi.unstubAllEnvs();
    expect(miner.connections).toBe(0);
  });

  it('ends with 0 when it is stopped before there is a job', async () => {
    const miner = await DurableMiner.start();
    const running = await runExecutor(miner, warm, { jobRunner: 'process' });
    await miner.connected();
    await running.stop();
    expect(await running.exitCode).toBe(0);
  });

  it('ends with 0 when its miner goes away for long before there is a job', async () => {
    const miner = await DurableMiner.start();
    const running = await runExecutor(miner, { ...warm, minerAbsenceLimit: 0 }, { jobRunner: 'process' });
    await miner.connected();
    await miner.goAway();
    expect(await running.exitCode).toBe(0);
  });

  it('gives up a job that is not ready in time, which begins when the job comes', async () => {
    const miner = await DurableMiner.start();
    const registry = await silentServer();
    const settings = { ...warm, jobAllowedRegistries: [registry] };
    const running = await runExecutor(miner, settings, { startupTimeLimit: 1 });
    await miner.connected();
    const { initial } = requests({ docker_image: `${registry}/slow:image` });
    miner.give(initial);
    expect(await running.exitCode).toBe(0);
    expect(miner.database.taken).toEqual([
      expect.objectContaining({ message: 'The executor was not ready within 1 s.' }),
    ]);
  });
});
