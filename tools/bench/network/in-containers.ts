import Docker from 'dockerode';
import { ensureBusyboxImage } from '../executor/image.ts';
import { shown, type Figure } from '../figure.ts';
import { atOnce, bareContainer, inTurn, mostBarePerSecond } from './bare.ts';
import { BenchNetwork } from './bench-network.ts';
import { percentile } from './percentile.ts';

const rounds = 60;
/** Jobs that are run at the limit. */
const many = 120;

/** Jobs in containers. */
export async function figuresOfContainers(): Promise<Figure[]> {
  const docker = new Docker();
  const image = await ensureBusyboxImage(docker);
  const network = await BenchNetwork.start(8);
  try {
    return [...(await oneAtATime(docker, network, image)), ...(await atTheLimit(docker, network, image))];
  } finally {
    await network.stop();
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

/** As many jobs at once as the miner has executors, against the best rate of bare containers. */
async function atTheLimit(docker: Docker, network: BenchNetwork, image: string): Promise<Figure[]> {
  const bare = await mostBarePerSecond(docker, image);
  const spent = await network.spent();
  const began = performance.now();
  await atOnce(
    network.executors,
    inTurn(many, () => network.run(image)),
  );
  const rate = many / ((performance.now() - began) / 1_000);
  const used = await spent();
  return [
    {
      ...shown('at the limit', rate / bare.rate, 'of the bare rate', 0.65),
      atLeast: true,
      note: `${rate.toFixed(2)} jobs/s against ${bare.rate.toFixed(2)} bare containers/s, ${bare.inFlight} in flight; ${network.executors} executors`,
    },
    ...used.figures(many, 'at the limit'),
  ];
}
