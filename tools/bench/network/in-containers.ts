import { execFileSync } from 'node:child_process';
import Docker from 'dockerode';
import { ensureBusyboxImage } from '../executor/image.ts';
import { shown, type Figure } from '../figure.ts';
import { atOnce, bareContainer, inTurn, mostBarePerSecond, type BareRate } from './bare.ts';
import { BenchNetwork } from './bench-network.ts';
import { percentile } from './percentile.ts';

const rounds = 60;
/** Jobs that are run at the limit. */
const many = 120;
const executorImage = 'horde-bench/executor:latest';

/** Jobs in containers. */
export async function figuresOfContainers(): Promise<Figure[]> {
  const docker = new Docker();
  const image = await ensureBusyboxImage(docker);
  execFileSync(process.execPath, ['tools/image.ts', 'executor', executorImage], { stdio: 'ignore' });
  const network = await BenchNetwork.start(8);
  try {
    const figures = await oneAtATime(docker, network, image);
    figures.push(...rivals(image));
    const bare = await mostBarePerSecond(docker, image);
    figures.push(...(await atTheLimit(network, image, bare)));
    await network.putExecutorsIntoContainers(executorImage);
    return [...figures, ...(await inTwoContainers(network, image, bare))];
  } finally {
    await network.stop();
    await docker.getImage(executorImage).remove({ force: true });
  }
}

/** Jobs and bare containers by turns, so that both see the same machine. */
async function oneAtATime(docker: Docker, network: BenchNetwork, image: string): Promise<Figure[]> {
  const [jobs, bare]: [number[], number[]] = [[], []];
  const spent = await network.spent();
  for (let round = 0; round < rounds; round++) {
    jobs.push(await network.run(image));
    bare.push(await bareContainer(docker, image));
  }
  const used = await spent();
  const [job, alone] = [percentile(jobs, 0.5), percentile(bare, 0.5)];
  const slowest = percentile(jobs, 0.99);
  return [
    {
      ...shown('one at a time, p50', job / alone, 'times the bare container', 1.35),
      note: `${Math.round(job)} ms against ${Math.round(alone)} ms`,
    },
    {
      ...shown('one at a time, p99', slowest / percentile(bare, 0.99), 'times the bare container', 2.5),
      note: `${Math.round(slowest)} ms against ${Math.round(percentile(bare, 0.99))} ms`,
    },
    ...used.figures(rounds, 'one at a time'),
  ];
}

/** What others take for the same container, where the environment names their program: DOCKER. */
function rivals(image: string): Figure[] {
  const program = process.env['DOCKER'];
  if (program === undefined) return [];
  const took = Array.from({ length: rounds }, () => {
    const began = performance.now();
    execFileSync(program, ['run', '--rm', '--network', 'none', image, 'true'], { stdio: 'ignore' });
    return performance.now() - began;
  });
  return [shown('docker run, p50', percentile(took, 0.5), 'ms')];
}

/** As many jobs at once as the miner has executors, against the best rate of bare containers. */
async function atTheLimit(network: BenchNetwork, image: string, bare: BareRate): Promise<Figure[]> {
  const spent = await network.spent();
  const rate = await rateOf(network, image);
  const used = await spent();
  return [
    {
      ...shown('at the limit', rate / bare.rate, 'of the bare rate', 0.65),
      atLeast: true,
      note: `${besides(rate, bare)}; ${network.executors} executors`,
    },
    ...used.figures(many, 'at the limit'),
  ];
}

/** The same with each executor in a container of its own, which is the second of a job. */
async function inTwoContainers(network: BenchNetwork, image: string, bare: BareRate): Promise<Figure[]> {
  for (let round = 0; round < 3; round++) await network.run(image); // what is asked once only
  const rate = await rateOf(network, image);
  const name = 'at the limit, executors in containers';
  return [
    {
      ...shown(name, rate / (bare.rate / 2), 'of the rate of two bare containers', 0.8),
      atLeast: true,
      note: besides(rate, bare),
    },
  ];
}

async function rateOf(network: BenchNetwork, image: string): Promise<number> {
  const began = performance.now();
  await atOnce(
    network.executors,
    inTurn(many, () => network.run(image)),
  );
  return many / ((performance.now() - began) / 1_000);
}

const besides = (rate: number, bare: BareRate): string =>
  `${rate.toFixed(2)} jobs/s against ${bare.rate.toFixed(2)} bare containers/s, ${bare.inFlight} in flight`;
