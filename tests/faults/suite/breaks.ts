import { setTimeout as sleep } from 'node:timers/promises';
import { madeUp } from './liar.ts';
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
      return changed(network, endedOtherwise(''));
    case 'end-changed':
      // It has been looked at by then.
      return changed(network, endedOtherwise(`and ended_at < now() - interval '5 s'`));
    case 'slot-held':
      return changed(
        network,
        `update miner.job set slot_held = true where uuid = (${completed('miner')}) returning uuid`,
      );
    case 'lie-believed':
      return changed(
        network,
        `update validator.receipt set payload = replace(payload, '240.000000', '${madeUp}') where (job_uuid, receipt_type) =
           (select job_uuid, receipt_type from validator.receipt where score > 0 limit 1) returning job_uuid`,
      );
    case 'weights-lost':
      return changed(
        network,
        `insert into validator.cycle_weights (cycle_start, cycle_end, window_from, window_until, state, note, weights, attempts)
         values (-737, -15, 1, 2, 'missed', 'never handed in', '[["nobody", 1]]', 0) returning cycle_start`,
      );
    case 'receipt-twice':
      return showTwice(network);
    default:
  }
}

const completed = (service: string): string =>
  `select uuid from ${service}.job where status = 'completed' order by uuid limit 1`;

const endedOtherwise = (condition: string): string =>
  `update validator.job set status = 'failed' where uuid =
     (select uuid from validator.job where status = 'completed' ${condition} limit 1) returning uuid`;

async function changed({ postgres }: FaultNetwork, sql: string): Promise<void> {
  const until = performance.now() + patience;
  while ((await postgres.query(sql)).length === 0) {
    if (performance.now() > until) throw new Error('No job has completed that could be changed.');
    await sleep(200);
  }
}
