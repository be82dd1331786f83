import { setTimeout as sleep } from 'node:timers/promises';
import { shown, type Figure } from '../figure.ts';
import { atOnce } from './bare.ts';
import { percentile } from './percentile.ts';
import { PlayedNetwork } from './played-network.ts';

/** Jobs that are run one after another. */
const rounds = 100;
/** How long jobs run before they count, until what each does is compiled, and how long they do then. @unit ms */
const [warmUp, measured] = [60_000, 30_000];

/** At so many in flight: what is wanted, null where nothing is. */
const loads = [
  { inFlight: 100, rate: 150, writes: 5, processor: 8, memory: null },
  { inFlight: 1_000, rate: null, writes: null, processor: null, memory: 700 },
];

/** Jobs that executors only say to have run. */
export async function figuresOfPlayed(): Promise<Figure[]> {
  const figures = await withNetwork(2, oneAtATime);
  for (const load of loads)
    figures.push(...(await withNetwork(load.inFlight, (network) => under(network, load))));
  return figures;
}

async function withNetwork<T>(inFlight: number, work: (network: PlayedNetwork) => Promise<T>): Promise<T> {
  const network = await PlayedNetwork.start(inFlight);
  try {
    return await work(network);
  } finally {
    await network.stop();
  }
}

async function oneAtATime(network: PlayedNetwork): Promise<Figure[]> {
  for (let round = 0; round < 5; round++) await network.run(); // what is asked once only
  const took: number[] = [];
  const spent = await network.spent();
  for (let round = 0; round < rounds; round++) took.push(await network.run());
  const used = await spent();
  const when = 'played, one at a time';
  return [
    shown(`${when}: latency, median`, percentile(took, 0.5), 'ms'),
    shown(`${when}: latency, p99`, percentile(took, 0.99), 'ms'),
    ...used.figures(rounds, when, { writes: 15 }),
  ];
}

async function under(network: PlayedNetwork, bars: (typeof loads)[number]): Promise<Figure[]> {
  const { inFlight } = bars;
  const took: number[] = [];
  const others: string[] = [];
  const time = { isOver: false };
  const run = () =>
    network.run().then(
      (ms) => void took.push(ms),
      (error: unknown) => void others.push(String(error)),
    );
  const flowing = atOnce(
    inFlight,
    (function* () {
      while (!time.isOver) yield run();
    })(),
  );
  await Promise.race([sleep(warmUp), flowing]);
  took.length = 0;
  const spent = await network.spent();
  const began = performance.now();
  await Promise.race([sleep(measured), flowing]);
  const jobs = took.length;
  const rate = jobs / ((performance.now() - began) / 1_000);
  const used = await spent();
  time.isOver = true;
  await flowing;
  const when = `played, ${inFlight} in flight`;
  return [
    {
      ...shown(`${when}: jobs that did not complete`, others.length, '', 0),
      ...(others[0] !== undefined && { note: others[0].slice(0, 200) }),
    },
    { ...shown(`${when}: rate`, rate, 'jobs/s', bars.rate), atLeast: true },
    shown(`${when}: latency, median`, percentile(took, 0.5), 'ms'),
    shown(`${when}: latency, p99`, percentile(took, 0.99), 'ms'),
    ...used.figures(jobs, when, bars),
  ];
}
