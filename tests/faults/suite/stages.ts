import { setTimeout as sleep } from 'node:timers/promises';
import type { FaultNetwork } from './network.ts';

/** The stages of a job that faults strike it in. */
export const stages = [
  'sent',
  'received',
  'accepted',
  'executor_ready',
  'volumes_ready',
  'execution_done',
] as const;
export type Stage = (typeof stages)[number];

/** How often a stage is looked for. @unit ms */
const lookEvery = 100;

/** How many jobs are in each stage, as the facilitator has them. */
async function jobsByStage({ postgres }: FaultNetwork): Promise<Record<Stage, number>> {
  const rows = await postgres.query<{ status: Stage; jobs: number }>(
    'select status, count(*)::int as jobs from facilitator.job where status = any($1) group by status',
    stages,
  );
  const counts = new Map(rows.map(({ status, jobs }) => [status, jobs]));
  return Object.fromEntries(stages.map((stage) => [stage, counts.get(stage) ?? 0])) as Record<Stage, number>;
}

/** Resolves when a job is in that stage, or after a limit. @param limit ms @returns how many are in each stage then */
export async function whenIn(
  stage: Stage,
  network: FaultNetwork,
  limit: number,
): Promise<Record<Stage, number>> {
  const until = performance.now() + limit;
  for (;;) {
    const counts = await jobsByStage(network);
    if (counts[stage] > 0 || performance.now() > until) return counts;
    await sleep(lookEvery);
  }
}
