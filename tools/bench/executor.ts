/**
 * What an executor costs: its start, the time and the memory it adds to the bare container of a job. The executor is the
 * real bundle, one process per job, with this script as its miner.
 */
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import Docker from 'dockerode';
import { ensureBusyboxImage } from './executor/image.ts';
import { BenchMiner, type BenchExecutor } from './executor/miner.ts';
import { bareSocket, runExecutor } from './executor/processes.ts';
import { bigFileServer } from './executor/big-file.ts';
import type { Figure } from './figure.ts';

const rounds = 15;
const docker = new Docker();

const median = (list: number[]): number => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)]!;

export async function figures(): Promise<Figure[]> {
  execFileSync(process.execPath, ['tools/bundle.ts', 'apps/executor'], { stdio: 'inherit' });
  const miner = await BenchMiner.start();
  const image = await ensureBusyboxImage(docker);
  try {
    const starts = await startFigures(miner);
    const times = await timeFigures(miner, image);
    return [...starts, ...times, ...(await memoryFigures(miner, image))];
  } finally {
    await miner.close();
  }
}

/** Start to connected, of the executor and of a bare process, by turns. */
async function startFigures(miner: BenchMiner): Promise<Figure[]> {
  const took = { executor: [] as number[], bare: [] as number[] };
  for (let round = 0; round <= rounds; round++) {
    for (const [name, run] of [
      ['executor', runExecutor],
      ['bare', bareSocket],
    ] as const) {
      const started = performance.now();
      const child = run(miner.address, randomUUID());
      const { connectedAt } = await miner.executor();
      if (round > 0) took[name].push(connectedAt - started); // the first round warms the caches
      await child.end();
    }
  }
  const [executor, bare] = [median(took.executor), median(took.bare)];
  return [
    figure(
      'process start to connected',
      executor / bare,
      'times',
      5,
      `${Math.round(executor)} ms against ${Math.round(bare)} ms of a bare process`,
    ),
  ];
}

/** From the job request to the result, less the same container run bare, by turns. */
async function timeFigures(miner: BenchMiner, image: string): Promise<Figure[]> {
  const took = { executor: [] as number[], bare: [] as number[] };
  for (let round = 0; round <= rounds; round++) {
    const executor = await readyExecutor(miner, image);
    const bare = await bareContainer(image);
    const job = await executor.run(['true']);
    if (round > 0) {
      took.executor.push(job);
      took.bare.push(bare);
    }
  }
  const added = median(took.executor.map((time, round) => time - took.bare[round]!));
  return [
    figure(
      'time added to the bare container',
      added,
      'ms',
      60,
      `job request to result ${Math.round(median(took.executor))} ms, container alone ${Math.round(median(took.bare))} ms`,
    ),
  ];
}

async function memoryFigures(miner: BenchMiner, image: string): Promise<Figure[]> {
  const bare = bareSocket(miner.address, randomUUID());
  await miner.executor();
  const floor = await bare.restingMemory();
  await bare.end();
  const quiet = await memoryOf(miner, image, ['sleep', '3']);
  const printing = await memoryOf(miner, image, [
    'sh',
    '-c',
    'yes 0123456789abcdef0123456789abcde | head -c 1000000000',
  ]);
  const printingLittle = await memoryOf(miner, image, [
    'sh',
    '-c',
    'yes 0123456789abcdef0123456789abcde | head -c 10000000; sleep 2',
  ]);
  const file = await bigFileServer();
  const downloading = await memoryOf(miner, image, ['true'], file.url(2_000_000_000));
  const downloadingLittle = await memoryOf(miner, image, ['sleep', '2'], file.url(10_000_000));
  await file.close();
  return [
    figure(
      'resident while a job runs, above a bare process',
      quiet - floor,
      'MB',
      60,
      `${Math.round(quiet)} MB against ${Math.round(floor)} MB`,
    ),
    figure(
      'growth while a job prints 1 GB',
      printing - printingLittle,
      'MB',
      10,
      `most seen, above that of a job that prints 10 MB (${Math.round(printingLittle)} MB)`,
    ),
    figure(
      'growth while a job downloads 2 GB',
      downloading - downloadingLittle,
      'MB',
      10,
      `most seen, above that of a download of 10 MB (${Math.round(downloadingLittle)} MB)`,
    ),
  ];
}

async function readyExecutor(
  miner: BenchMiner,
  image: string,
  volume: object | null = null,
): Promise<BenchExecutor> {
  const child = runExecutor(miner.address, randomUUID());
  const executor = await miner.executor();
  await executor.prepare(child, image, volume);
  return executor;
}

/** The most resident memory seen while a job runs. @unit MB */
async function memoryOf(
  miner: BenchMiner,
  image: string,
  command: string[],
  url: string | null = null,
): Promise<number> {
  const volume = url === null ? null : { volume_type: 'single_file', url, relative_path: 'big' };
  const executor = await readyExecutor(miner, image, volume);
  const memory = executor.child.watchMemory();
  await executor.run(command);
  return memory.most();
}

async function bareContainer(image: string): Promise<number> {
  const started = performance.now();
  const container = await docker.createContainer({
    Image: image,
    Cmd: ['true'],
    HostConfig: { NetworkMode: 'none', LogConfig: { Type: 'none', Config: {} } },
  });
  const output = await container.attach({ stream: true, stdout: true, stderr: true });
  output.resume();
  await container.start();
  await container.wait();
  await container.remove({ v: true });
  return performance.now() - started;
}

const figure = (name: string, value: number, unit: string, bar: number, note: string): Figure => ({
  name,
  value,
  unit,
  bar,
  atLeast: false,
  note,
});
