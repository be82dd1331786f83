/**
 * What a job has Postgres do: statements and transactions of each service, and the statements that are asked most; before,
 * with the server's log off, what it takes of processors. What runs by the clock is among all of it: a slow machine has more
 * of it in each job.
 */
import Docker from 'dockerode';
import { ensureBusyboxImage } from './executor/image.ts';
import type { Figure } from './figure.ts';
import { atOnce, inTurn } from './network/bare.ts';
import { BenchNetwork } from './network/bench-network.ts';
import type { Asked } from './network/statement-log.ts';

const jobs = 20;
const executors = 4;
/** How many statements of each service are shown. */
const shown = 20;
const services = ['facilitator', 'validator', 'miner'];

export async function figures(): Promise<Figure[]> {
  const network = await BenchNetwork.start(executors);
  try {
    const image = await ensureBusyboxImage(new Docker());
    await network.run(image); // what is asked once only
    const spent = await network.spent();
    await run(network, image, 1);
    const used = await spent();
    const oneByOne = await counted(network, image, 1);
    const together = await counted(network, image, executors);
    return [
      ...used.figures(jobs, 'one at a time'),
      ...of(oneByOne, 'one at a time'),
      ...of(together, `${executors} at a time`),
      ...most(oneByOne),
    ];
  } finally {
    await network.stop();
  }
}

async function counted(network: BenchNetwork, image: string, inFlight: number): Promise<Asked> {
  const log = await network.statements();
  await run(network, image, inFlight);
  return log.end();
}

const run = (network: BenchNetwork, image: string, inFlight: number): Promise<void> =>
  atOnce(
    inFlight,
    inTurn(jobs, () => network.run(image)),
  );

function of({ statements, transactions, writes }: Asked, when: string): Figure[] {
  return services.flatMap((service) => [
    perJob(`${service}: statements a job, ${when}`, sum(statements.get(service)?.values() ?? [])),
    perJob(`${service}: transactions a job, ${when}`, transactions.get(service) ?? 0),
    perJob(`${service}: transactions a job that change rows, ${when}`, writes.get(service) ?? 0),
  ]);
}

const most = ({ statements }: Asked): Figure[] =>
  services.flatMap((service) =>
    [...(statements.get(service) ?? [])]
      .toSorted(([, a], [, b]) => b - a)
      .slice(0, shown)
      .map(([text, count]) => perJob(`${service}: ${text.slice(0, 160)}`, count)),
  );

const sum = (counts: Iterable<number>): number => [...counts].reduce((total, count) => total + count, 0);

const perJob = (name: string, count: number): Figure => ({
  name,
  value: count / jobs,
  unit: 'a job',
  bar: null,
  atLeast: false,
});
