import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { InlineVolume, make, StreamingDetails } from '@horde/protocol';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { containerRuns } from '@horde/testing/job-containers';
import { makeTestImage, type TestImage } from '@horde/testing/test-image';
import { requests, timing } from '@horde/testing/miner-executor/requests';
import { ScriptedMiner } from '@horde/testing/miner-executor/scripted-miner';
import { makeStreamingUser } from '@horde/commands';
import { ask } from '@horde/testing/streaming-user';
import { ensureNodeImage } from '@horde/testing/node-image';
import { zip } from '@horde/testing/zip';
import { root } from '@horde/testing/horde';
import { buildExecutorImage, launch, leftBy } from './python-miner.ts';

let executorImage: Awaited<ReturnType<typeof buildExecutorImage>>;
let jobImage: TestImage;

beforeAll(async () => {
  jobImage = await makeTestImage();
  executorImage = await buildExecutorImage();
}, 180_000);
afterAll(() => Promise.all([executorImage?.remove(), jobImage?.remove()]));

describe('an executor that a Python miner starts', () => {
  it('runs a job with a volume and artifacts, ends with 0 and leaves nothing', async () => {
    const miner = await ScriptedMiner.start();
    const contents = (await zip([{ name: 'in.txt', contents: 'forty-two\n' }])).toString('base64');
    const { initial, job, jobUuid } = requests(
      { docker_image: jobImage.reference },
      {
        docker_image: jobImage.reference,
        docker_run_cmd: ['sh', '-c', 'cat /volume/in.txt | tee /artifacts/out.txt'],
        volume: make(InlineVolume, { contents }),
        artifacts_dir: '/artifacts',
      },
    );
    const executor = await launch(executorImage.name, miner);
    const connection = await miner.executor();
    expect(connection.token).toBe(executor.token);
    await connection.say(initial);
    expect(await connection.next()).toMatchObject({ message_type: 'V0ExecutorReadyRequest' });
    await connection.say(job);
    expect(await executor.ended).toBe(0);
    expect(connection.frames.at(-1)).toMatchObject({
      message_type: 'V0JobFinishedRequest',
      docker_process_stdout: 'forty-two\n',
      docker_process_stderr: '',
      artifacts: { '/artifacts/out.txt': Buffer.from('forty-two\n').toString('base64') },
    });
    expect((await connection.closed).code).toBe(1000);
    expect(await leftBy(executor, jobUuid)).toEqual([]);
  });

  it('stopped by its miner amid a job, says so, takes the job with it and leaves nothing', async () => {
    const miner = await ScriptedMiner.start();
    const { initial, job, jobUuid } = requests(
      { docker_image: jobImage.reference },
      { docker_image: jobImage.reference, docker_run_cmd: ['sleep', '300'] },
    );
    const executor = await launch(executorImage.name, miner);
    const connection = await miner.executor();
    await connection.say(initial, job);
    await containerRuns(jobUuid);
    await executor.stop();
    expect(await executor.ended).toBe(0);
    expect(connection.frames.at(-1)).toMatchObject({
      message_type: 'V0HordeFailedRequest',
      message: 'The executor was stopped.',
    });
    expect(await leftBy(executor, jobUuid)).toEqual([]);
  });

  it('runs a job through a custom job runner that is mounted as a Python file', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'horde-launch-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const [file, audit] = [path.join(folder, 'runner.ts'), path.join(folder, 'audit.jsonl')];
    const example = readFileSync(path.join(root, 'examples/custom-job-runner/runner.ts'), 'utf8');
    writeFileSync(file, example.replace('/tmp/horde-jobs.jsonl', audit));
    const miner = await ScriptedMiner.start();
    const { initial, job, jobUuid } = requests(
      { docker_image: jobImage.reference },
      { docker_image: jobImage.reference, docker_run_cmd: ['echo', 'hello'] },
    );
    const executor = await launch(executorImage.name, miner, {
      customJobRunnersPath: file,
      customJobRunnerClassName: 'AuditedJobRunner',
    });
    const connection = await miner.executor();
    await connection.say(initial, job);
    expect(await executor.ended).toBe(0);
    expect(connection.frames.at(-1)).toMatchObject({
      message_type: 'V0JobFinishedRequest',
      docker_process_stdout: 'hello\n',
    });
    const notes = readFileSync(audit, 'utf8').trim().split('\n');
    expect(notes.map((line) => JSON.parse(line) as object)).toMatchObject([
      { job: jobUuid, step: 'starting', image: jobImage.reference },
      { job: jobUuid, step: 'started' },
      { job: jobUuid, step: 'gone' },
    ]);
    expect(await leftBy(executor, jobUuid)).toEqual([]);
  });

  it('says that a custom job runner in Python is none that it can run', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'horde-launch-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const file = path.join(folder, 'runners.py');
    writeFileSync(file, 'class Quiet(DefaultJobRunner):\n    pass\n');
    const miner = await ScriptedMiner.start();
    const { initial, jobUuid } = requests({ docker_image: jobImage.reference });
    const executor = await launch(executorImage.name, miner, {
      customJobRunnersPath: file,
      customJobRunnerClassName: 'Quiet',
    });
    const connection = await miner.executor();
    await connection.say(initial);
    expect(await connection.next()).toMatchObject({
      message_type: 'V0HordeFailedRequest',
      message: expect.stringMatching(
        /custom_job_runners\.py could not be loaded: it is not TypeScript/,
      ) as string,
    });
    expect(await executor.ended).toBe(0);
    expect(await leftBy(executor, jobUuid)).toEqual([]);
  });

  it('lets the user of a streaming job in, and nobody else, on the port that the miner gave it', async () => {
    const miner = await ScriptedMiner.start();
    const image = await ensureNodeImage();
    const serve = `require('http').createServer((request, response) => {
      response.end('hello from ' + request.url, () => request.url === '/terminate' && process.exit());
    }).listen(8000)`;
    const user = await makeStreamingUser();
    const { initial, job, jobUuid } = requests(
      {
        docker_image: image,
        executor_timing: timing({ streaming_start_time_limit: 20 }),
        streaming_details: make(StreamingDetails, { public_key: user.cert, executor_ip: '127.0.0.1' }),
      },
      { docker_image: image, docker_run_cmd: ['node', '-e', serve] },
    );
    const executor = await launch(executorImage.name, miner);
    const connection = await miner.executor();
    await connection.say(initial, job);
    expect((await connection.next()).message_type).toBe('V0ExecutorReadyRequest');
    expect((await connection.next()).message_type).toBe('V0VolumesReadyRequest');
    const ready = await connection.next();
    expect(ready).toMatchObject({
      message_type: 'V0StreamingJobReadyRequest',
      job_uuid: jobUuid,
      port: executor.nginxPort,
    });
    const get = (where: string, client: object) =>
      ask(`https://127.0.0.1:${executor.nginxPort}${where}`, ready['public_key'] as string, client);
    expect(await get('/', {})).toMatch(/^403 /);
    expect(await get('/', await makeStreamingUser())).toMatch(/^403 /);
    expect(await get('/some/where', user)).toBe('200 hello from /some/where');
    expect(await get('/terminate', user)).toBe('200 hello from /terminate');
    expect(await executor.ended).toBe(0);
    expect(connection.frames.at(-1)).toMatchObject({ message_type: 'V0JobFinishedRequest' });
    expect(await leftBy(executor, jobUuid)).toEqual([]);
  });
});
