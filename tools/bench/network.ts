/**
 * What a job takes through all four services. In containers, beside the bare container of the same run: one at a time, and as
 * many as the machine runs; the services are those of `./horde up`, with a Postgres of their own. And with executors that are
 * played and run nothing, so that the way alone is measured: one at a time, 100 and 1,000 in flight, and with others that wait.
 * DOCKER: the program whose `docker run` is measured beside it.
 * NETWORK_BENCH: `containers`, `played` or `waiting`, one of these.
 */
import type { Figure } from './figure.ts';
import { figuresOfContainers } from './network/in-containers.ts';
import { figuresOfPlayed } from './network/played.ts';
import { figuresOfWaiting } from './network/waiting.ts';

const parts: Record<string, () => Promise<Figure[]>> = {
  containers: figuresOfContainers,
  played: figuresOfPlayed,
  waiting: figuresOfWaiting,
};

export async function figures(): Promise<Figure[]> {
  const only = process.env['NETWORK_BENCH'];
  const found: Figure[] = [];
  for (const [name, figuresOf] of Object.entries(parts))
    if (only === undefined || only === name) found.push(...(await figuresOf()));
  return found;
}
