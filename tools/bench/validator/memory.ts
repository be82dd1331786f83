/** What a validator's process has in memory while jobs run at miners, and others wait. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Figure } from '../figure.ts';
import { withNetwork } from './network.ts';

const miners = 100;
const inFlight = 2_000;
const withWaiting = { inFlight: 1_000, waiting: 10_000 };
/** @unit MB */
const bar = 300;
/** What beginning the jobs has left behind is gone by then. @unit ms */
const settling = 15_000;

export async function memoryFigures(): Promise<Figure[]> {
  return [
    await measure(inFlight, 0, true),
    await measure(withWaiting.inFlight, withWaiting.waiting, true),
    await measure(withWaiting.inFlight, withWaiting.waiting, false),
  ];
}

function measure(running: number, waiting: number, durable: boolean): Promise<Figure> {
  const options = { miners, executors: running / miners, durable, holds: true };
  return withNetwork(options, async (network) => {
    const { validator } = network;
    const idle = (await validator.memory()).now;
    await network.send(running);
    await network.until(running, 'volumes_ready');
    await network.send(waiting);
    await network.until(waiting, 'received', true);
    await sleep(settling);
    const { now, peak } = await validator.memory();
    const open = network.miners.reduce((sum, miner) => sum + miner.open, 0);
    const kind = durable ? 'durable miners' : 'miners of the plain protocol';
    const beside = waiting > 0 ? ` beside ${waiting.toLocaleString('en')} that wait` : '';
    return {
      name: `memory with ${running.toLocaleString('en')} jobs in flight at ${kind}${beside}`,
      value: now / 1e6,
      unit: 'MB',
      bar: durable ? bar : null,
      atLeast: false,
      note: `resident; ${(idle / 1e6).toFixed(0)} MB before, ${(peak / 1e6).toFixed(0)} MB at most, ${open} connections`,
    };
  });
}
