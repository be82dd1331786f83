import { setTimeout as sleep } from 'node:timers/promises';
import type { FaultNetwork } from './network.ts';
import type { Break } from './options.ts';
import { showTwice } from './watch.ts';

/** How long ends are waited for before one of them is changed. @unit ms */
const patience = 60_000;

/** Does wrong on purpose what is not done by executors (counting-runners.ts); resolves when it is done. */
export async function breakOn(network: FaultNetwork, broken: Break | null): Promise<void> {
  switch (broken) {
    case 'job-lost':
      return changed(
        network,
        `delete from facilitator.job where uuid = (${completed('facilitator')}) returning uuid`,
      );
    case 'ends-differ':
    case 'end-changed':
      // Where it has not been looked at yet it only differs.
      return changed(
        network,
        `update validator.job set status = 'failed' where uuid = (${completed('validator')}) returning uuid`,
      );
    case 'slot-held':
      return changed(
        network,
        `update miner.job set slot_held = true where uuid = (${completed('miner')}) returning uuid`,
      );
    case 'receipt-twice':
      return showTwice(network);
    default:
  }
}

const completed = (service: string): string =>
  `select uuid from ${service}.job where status = 'completed' order by uuid limit 1`;

async function changed({ postgres }: FaultNetwork, sql: string): Promise<void> {
  const until = performance.now() + patience;
  while ((await postgres.query(sql)).length === 0) {
    if (performance.now() > until) throw new Error('No job has completed that could be changed.');
    await sleep(200);
  }
}
