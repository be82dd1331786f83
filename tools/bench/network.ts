/**
 * What a job takes through all four services. In containers, beside the bare container of the same run: one at a time, and as
 * many as the machine runs; the services are those of `./horde up`, with a Postgres of their own. And with executors that are
 * played and run nothing, so that the way alone is measured: one at a time, 100 and 1,000 in flight.
 * NETWORK_BENCH: `containers` or `played`, one of the two.
 */
import type { Figure } from './figure.ts';
import { figuresOfContainers } from './network/in-containers.ts';
import { figuresOfPlayed } from './network/played.ts';

export async function figures(): Promise<Figure[]> {
  const only = process.env['NETWORK_BENCH'];
  return [
    ...(only === 'played' ? [] : await figuresOfContainers()),
    ...(only === 'containers' ? [] : await figuresOfPlayed()),
  ];
}
