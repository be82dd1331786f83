import { InlineVolume, make } from '@horde/protocol';
import { describe, expect, it } from 'vitest';
import { containerRuns, containersOf } from '@horde/testing/job-containers';
import { requests } from '@horde/testing/miner-executor/requests';
import { ScriptedMiner } from '@horde/testing/miner-executor/scripted-miner';
import { runExecutor } from '../testing/run-executor.ts';
import { runJob, shell, types, untilExecution, useImage, zipped } from '../testing/run-job.ts';

const image = useImage();

describe('a job that goes well', () => {
  it('is told of stage by stage, and nothing of it is left', async () => {
    const env = new Map([['NAME', 'Zoë']]);
    const job = { docker_run_cmd: shell('echo "Hello, $NAME!"; echo careful >&2'), env };
    const { frames, jobUuid, closed, exitCode, left } = await runJob(image, { job });
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

  it('of a class without GPUs gets none, whatever it asks for', async () => {
    const { last } = await runJob(image, {
      initial: { executor_class: 'always_on.test' },
      job: {
        docker_run_options_preset: 'nvidia_all',
        docker_run_cmd: shell('echo $NVIDIA_VISIBLE_DEVICES'),
        env: new Map([['NVIDIA_VISIBLE_DEVICES', 'all']]),
      },
      settings: { noGpu: false },
    });
    expect(last).toMatchObject({ message_type: 'V0JobFinishedRequest', docker_process_stdout: 'void\n' });
  });

  it('sees its inline volume, and brings back its artifacts', async () => {
    const volume = make(InlineVolume, { contents: await zipped('in.txt', 'input'), relative_path: 'data' });
    const job = {
      docker_run_cmd: shell('cat /volume/data/in.txt > /artifacts/copy; cat /volume/data/in.txt'),
      artifacts_dir: '/artifacts',
    };
    const { last, left } = await runJob(image, { initial: { volume }, job });
    expect(last).toMatchObject({
      docker_process_stdout: 'input',
      artifacts: { '/artifacts/copy': Buffer.from('input').toString('base64') },
    });
    expect(left).toEqual([]);
  });

  it('takes a volume that comes with the second request, and runs without Docker where asked to', async () => {
    const volume = make(InlineVolume, { contents: await zipped('in.txt', 'input') });
    const job = { docker_run_cmd: shell('cat /volume/in.txt'), volume };
    const { last, left } = await runJob(image, { job, options: { jobRunner: 'process' } });
    expect(last).toMatchObject({ docker_process_stdout: 'input' });
    expect(left).toEqual([]);
  });

  it('may name its image in the second request only, and run under a single time limit', async () => {
    const { frames } = await runJob(image, {
      initial: { docker_image: null, executor_timing: null, timeout_seconds: 20 },
    });
    expect(types(frames)).toEqual([...untilExecution, 'V0ExecutionDoneRequest', 'V0JobFinishedRequest']);
  });

  it('runs a script where it has no command', async () => {
    const { last } = await runJob(image, {
      job: { docker_run_cmd: shell('cat /script.py'), raw_script: 'print("héllo")\n' },
    });
    expect(last).toMatchObject({ docker_process_stdout: 'print("héllo")\n' });
    const without = await runJob(image, { job: { docker_run_cmd: [], raw_script: 'echo from the script' } });
    expect(without.last).toMatchObject({ docker_process_exit_status: 127 });
    expect(without.last['message']).toContain('The command "python" is not in the image.');
  });

  it('learns which of its artifacts did not fit, at the end of its stderr', async () => {
    const big = 'busybox dd if=/dev/zero of=/artifacts/big.bin bs=1000000 count=1';
    const { last } = await runJob(image, {
      job: {
        docker_run_cmd: shell(`echo ok > /artifacts/small; ${big} 2>/dev/null; echo -n end >&2`),
        artifacts_dir: '/artifacts',
      },
    });
    expect(last).toMatchObject({
      message_type: 'V0JobFinishedRequest',
      artifacts: { '/artifacts/small': Buffer.from('ok\n').toString('base64') },
      docker_process_stderr: expect.stringMatching(/^end\n.*big\.bin.*\n$/) as string,
    });
  });

  it('tells the miner of its machine before it tells it of the result', async () => {
    const { frames } = await runJob(image, {
      settings: { noGpu: false },
      job: { docker_run_cmd: ['sleep', '1'] },
    });
    expect(types(frames).slice(-2)).toEqual(['V0MachineSpecsRequest', 'V0JobFinishedRequest']);
    expect(frames.at(-2)).toMatchObject({
      specs: { specs: { cpu: { count: expect.any(Number) as number } } },
    });
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
});
