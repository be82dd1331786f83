import type { ChainState } from './chain.ts';
import type { Looked } from './history.ts';
import type { FaultNetwork } from './network.ts';

/** A cycle as the validator has it. */
interface CycleRow {
  cycle: string;
  state: string;
  note: string;
  /** `[[hotkey, weight], …]` */
  weights: [string, number][] | null;
  /** What its receipts were reckoned to be worth. @unit executor-seconds */
  scored: number;
}

/** Whether the chain has the weights for the cycles that have ended, and whether a receipt was scored twice. */
export async function weights({ postgres, chain }: FaultNetwork): Promise<Looked> {
  const cycles = await postgres.query<CycleRow>(
    `select cycle_start || ' to ' || cycle_end as cycle, state, note, weights::json, coalesce((
       select sum((class->>'total')::float8) from json_array_elements(reasons::json->'classes') class), 0) as scored
     from validator.cycle_weights order by cycle_start`,
  );
  // A receipt is the same whoever shows it, and however often.
  const [{ worth }] = (await postgres.query<{ worth: number }>(
    `select coalesce(sum(score), 0)::float8 as worth
     from (select distinct on (job_uuid) score from validator.receipt where score > 0 order by job_uuid, score) paid`,
  )) as [{ worth: number }];
  const scored = cycles.reduce((sum, cycle) => sum + cycle.scored, 0);
  const taken = await chain.state();
  return {
    count: cycles.filter(({ weights }) => weights !== null).length,
    found: [
      ...cycles.flatMap((cycle) => notTaken(cycle, taken)),
      ...(scored > worth + 1e-6
        ? [`${scored} executor-seconds were scored, and receipts are worth ${worth}`]
        : []),
    ],
  };
}

function notTaken({ cycle, state, note, weights, scored }: CycleRow, taken: ChainState): string[] {
  const computed = sorted(weights ?? []);
  const isThere = taken.weights.some((set) => sorted(Object.entries(set.weights)) === computed);
  const isDone = state === 'confirmed' && isThere;
  // Where no job of a cycle was paid with blocks there is nothing to hand in.
  return isDone || (state === 'nothing to send' && scored === 0)
    ? []
    : [`the weights for the cycle ${cycle} are ${state}${isThere ? '' : ', and not on the chain'}: ${note}`];
}

const sorted = (weights: [string, number][]): string => JSON.stringify(weights.toSorted());
