/**
 * How long what a job prints takes until its user sees it: from the container through executor, miner, validator and
 * facilitator to the terminal of `horde jobs run`. The network is one of `up`, in a folder of its own; the container's
 * clock is this machine's. Beside it what Docker alone takes for the same lines of the same container: `docker attach`,
 * as jobs have no log that `docker logs` could read.
 */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { horde, newDataFolder, removeDataFolder, startHorde } from '@horde/testing/horde';
import Docker from 'dockerode';
import { ensureBusyboxImage } from './executor/image.ts';
import type { Figure } from './figure.ts';
import { median } from './miner/median.ts';

/** Lines that count, behind those with which everything finds its way for the first time. */
const lines = { first: 40, measured: 400 };
/** Between two lines. @unit seconds */
const pause = 0.05;
const bars = { median: 150, p99: 500 };

export async function figures(): Promise<Figure[]> {
  const folder = await newDataFolder();
  try {
    const up = await horde(['up'], folder);
    if (up.code !== 0) throw new Error(`horde up ended with ${up.code}:\n${up.stdout}${up.stderr}`);
    return await measure(folder);
  } finally {
    await horde(['down'], folder);
    await removeDataFolder(folder);
  }
}

async function measure(folder: string): Promise<Figure[]> {
  const docker = new Docker();
  const image = await ensureBusyboxImage(docker);
  const count = lines.first + lines.measured;
  const script = `i=0; while [ $i -lt ${count} ]; do i=$((i+1)); echo $i | busybox ts %.s; sleep ${pause}; done`;
  const job = startHorde(
    ['jobs', 'run', '--profile', 'local', '--time', '300', image, '--', 'sh', '-c', script],
    folder,
  );
  const shown = latencies(job.child.stdout!);
  await job.line(/ 1$/);
  const [container] = await docker.listContainers({ filters: { ancestor: [image] } });
  const attached = spawn('docker', ['attach', '--no-stdin', '--sig-proxy=false', container!.Id], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const bare = latencies(attached.stdout);
  const { code, stderr } = await job.finished;
  if (code !== 0) throw new Error(`The job ended with ${code}:\n${stderr}`);
  return [
    ...figuresOf('output from container to terminal', await shown, bars),
    ...figuresOf('the same lines through docker attach', await bare, { median: null, p99: null }),
  ];
}

/** How long each line took that counts, by the time that it carries. @unit ms */
async function latencies(stream: Readable): Promise<number[]> {
  const took: number[] = [];
  for await (const line of createInterface({ input: stream })) {
    const seen = performance.timeOrigin + performance.now();
    const [printed, number] = line.split(' ').map(Number);
    if (number! > lines.first) took.push(seen - printed! * 1_000);
  }
  return took;
}

function figuresOf(name: string, took: number[], wanted: Record<'median' | 'p99', number | null>): Figure[] {
  if (took.length !== lines.measured)
    throw new Error(`${name}: ${took.length} lines were seen, and ${lines.measured} printed.`);
  const p99 = took.toSorted((a, b) => a - b)[Math.floor(took.length * 0.99)]!;
  const note = `${took.length} lines, one each ${pause * 1_000} ms`;
  return [
    { name: `${name}, median`, value: median(took), unit: 'ms', bar: wanted.median, atLeast: false, note },
    { name: `${name}, p99`, value: p99, unit: 'ms', bar: wanted.p99, atLeast: false },
  ];
}
