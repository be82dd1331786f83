/** Driving jobs at miners that end them at once: what a job costs beside what the miner does. */
import type { Figure } from '../figure.ts';
import { withNetwork } from './network.ts';

const jobs = 500;
const warmUp = 100;
const miners = 5;
const executors = 20;

export async function drivingFigures(): Promise<Figure[]> {
  return [...(await measure(true)), ...(await measure(false))];
}

function measure(durable: boolean): Promise<Figure[]> {
  return withNetwork({ miners, executors, durable, holds: false }, async (network) => {
    const { validator } = network;
    await network.send(warmUp);
    await network.until(warmUp, 'completed');
    const used = await validator.processorTime();
    const [began, handshakes] = [performance.now(), opened(network.miners)];
    await network.send(jobs);
    await network.until(warmUp + jobs, 'completed');
    const spent = { processor: (await validator.processorTime()) - used, all: performance.now() - began };
    const where = durable ? 'at durable miners' : 'at miners of the plain protocol';
    const note = `${jobs} jobs at once, ${miners} miners of ${executors} executors; ${opened(network.miners) - handshakes} connections opened`;
    const shown = { bar: null, atLeast: false };
    return [
      {
        name: `processor time of a job ${where}`,
        value: spent.processor / jobs,
        unit: 'ms',
        note,
        ...shown,
      },
      { name: `a job ${where}, all told`, value: spent.all / jobs, unit: 'ms', ...shown },
    ];
  });
}

const opened = (all: { handshakes: number }[]): number =>
  all.reduce((sum, { handshakes }) => sum + handshakes, 0);
