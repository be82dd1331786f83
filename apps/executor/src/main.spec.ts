import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { GenericError, make } from '@horde/protocol';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { containerRuns, containersOf, makeJobFolder } from '@horde/testing/job-containers';
import { makeTestImage, type TestImage } from '@horde/testing/test-image';
import { requests } from '@horde/testing/miner-executor/requests';
import { ScriptedMiner } from '@horde/testing/miner-executor/scripted-miner';

const token = 'secret-token';
let image: TestImage;
let bundle: string;

beforeAll(async () => {
  bundle = await mkdtemp(path.join(tmpdir(), 'horde-executor-bundle-'));
  const app = path.resolve(import.meta.dirname, '..');
  await promisify(execFile)(process.execPath, ['tools/bundle.ts', app, bundle], {
    cwd: path.resolve(app, '../..'),
  });
  image = await makeTestImage();
});
afterAll(async () => {
  await image?.remove();
  await rm(bundle, { recursive: true, force: true });
});

/** The executor's own process, from its bundle. */
function start(environment: Record<string, string>, words = ['run_executor', '--startup-time-limit', '20']) {
  const folder = makeJobFolder();
  const child: ChildProcess = spawn(process.execPath, [path.join(bundle, 'main.mjs'), ...words], {
    env: { PATH: process.env['PATH'], JOB_FOLDER: folder.path, EXECUTOR_TOKEN: token, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const [stdout, stderr] = [text(child.stdout!), text(child.stderr!)];
  const ended = once(child, 'close').then(async ([exitCode, signal]) => ({
    exitCode: exitCode as number | null,
    signal: signal as string | null,
    stdout: await stdout,
    stderr: await stderr,
  }));
  return { child, ended, foldersLeft: folder.left };
}

describe('the executor as a process', () => {
  it('that meets an error which nobody catches tells its miner, and leaves nothing', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'horde-executor-runner-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const runner = path.join(folder, 'runner.ts');
    await writeFile(
      runner,
      `import { DefaultJobRunner } from '@horde/job-runner';
       export class Careless extends DefaultJobRunner {
         protected override async afterStart() {
           setTimeout(() => { throw new RangeError('nobody looked'); }, 0);
         }
       }`,
    );
    const miner = await ScriptedMiner.start();
    const { initial, job, jobUuid } = requests(
      { docker_image: image.reference },
      { docker_image: image.reference, docker_run_cmd: ['sleep', '300'] },
    );
    const { ended, foldersLeft } = start({
      MINER_ADDRESS: miner.address,
      JOB_RUNNER: `${runner}:Careless`,
      DEBUG_NO_GPU_MODE: '1',
    });
    const executor = await miner.executor();
    await executor.say(initial, job);
    expect((await ended).exitCode).toBe(0);
    expect(executor.frames.at(-1)).toMatchObject({
      message_type: 'V0HordeFailedRequest',
      reason: 'unhandled_exception',
      message: expect.stringContaining('nobody looked') as string,
    });
    expect([...foldersLeft(), ...(await containersOf(jobUuid))]).toEqual([]);
  });

  it('runs a job from its connection to its end, and logs it without a secret', async () => {
    const miner = await ScriptedMiner.start();
    const env = new Map([['PASSWORD', 'hunter2']]);
    const { initial, job, jobUuid } = requests(
      { docker_image: image.reference },
      { docker_image: image.reference, docker_run_cmd: ['echo', 'hello'], env },
    );
    const { ended, foldersLeft } = start({ MINER_ADDRESS: miner.address });
    const executor = await miner.executor();
    expect(executor.token).toBe(token);
    await executor.say(initial);
    await executor.next();
    await executor.say(job);
    const { exitCode, stdout, stderr } = await ended;
    expect(stderr).toBe('');
    expect(exitCode).toBe(0);
    expect(executor.frames.at(-1)).toMatchObject({
      message_type: 'V0JobFinishedRequest',
      docker_process_stdout: 'hello\n',
    });
    expect((await executor.closed).code).toBe(1000);
    const lines = stdout.trim().split('\n');
    const parsed = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(parsed.every((line) => line['job'] === jobUuid)).toBe(true);
    expect(stdout).not.toMatch(/secret-token|hunter2/);
    expect(foldersLeft()).toEqual([]);
  });

  it('stopped by SIGTERM amid a job, it removes the container and the folders, and says so', async () => {
    const miner = await ScriptedMiner.start();
    const { initial, job, jobUuid } = requests(
      { docker_image: image.reference },
      { docker_image: image.reference, docker_run_cmd: ['sleep', '300'] },
    );
    const { child, ended, foldersLeft } = start({ MINER_ADDRESS: miner.address });
    const executor = await miner.executor();
    await executor.say(initial, job);
    await containerRuns(jobUuid);
    child.kill('SIGTERM');
    expect(await ended).toMatchObject({ exitCode: 0 });
    expect(executor.frames.at(-1)).toMatchObject({
      message_type: 'V0HordeFailedRequest',
      message: 'The executor was stopped.',
    });
    expect(await containersOf(jobUuid)).toEqual([]);
    expect(foldersLeft()).toEqual([]);
  });

  it('ends with 1 and a sentence when the miner refuses its token', async () => {
    const miner = await ScriptedMiner.start();
    const { ended } = start({ MINER_ADDRESS: miner.address });
    const executor = await miner.executor();
    await executor.say(make(GenericError, { details: `unknown token: ${token}` }));
    executor.close();
    const { exitCode, stdout } = await ended;
    expect(exitCode).toBe(1);
    expect(stdout).toContain('The miner refuses the token: unknown token: [token]');
    expect(stdout).not.toContain(token);
  });

  it('ends with 1 and a sentence when there is no miner', async () => {
    const { ended } = start({ MINER_ADDRESS: 'ws://127.0.0.1:1', MINER_ABSENCE_LIMIT: '0' });
    const { exitCode, stdout } = await ended;
    expect(exitCode).toBe(1);
    expect(stdout).toContain('The miner could not be reached for 0 s');
    expect(stdout).not.toContain(token);
  });

  it('stands in front of a streaming job where it is started with that word, until its executor is gone', async () => {
    const { exitCode, stderr } = await start({}, ['streaming-proxy']).ended;
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  });

  it.each([
    [{ MINER_ADDRESS: '' }, undefined, 'MINER_ADDRESS is not set'],
    [{ MINER_ADDRESS: 'localhost:1' }, undefined, 'MINER_ADDRESS is "localhost:1"'],
    [{ MINER_ADDRESS: 'ws://a:1', EXECUTOR_TOKEN: '' }, undefined, 'EXECUTOR_TOKEN is not set'],
    [{ MINER_ADDRESS: 'ws://a:1', JOB_RUNNER: 'vm' }, undefined, 'JOB_RUNNER is "vm"'],
    [{ MINER_ADDRESS: 'ws://a:1', JOB_MEMORY_BYTES: 'much' }, undefined, 'JOB_MEMORY_BYTES is "much"'],
    [{ MINER_ADDRESS: 'ws://a:1' }, ['run_executor', '--fast'], "Unknown option '--fast'"],
  ])('ends with 2 and a sentence: %j %j', async (environment, words, sentence) => {
    const { exitCode, stderr } = await start(environment, words).ended;
    expect(exitCode).toBe(2);
    expect(stderr).toContain(sentence);
  });
});
