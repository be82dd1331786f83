import type { Conditions, Database } from '@horde/database';

type Manager = Database['manager'];

/** More than so many rows are not counted. */
const counted = 10_000;

export interface Count {
  count: number;
  is_estimate: boolean;
}

/** How many rows there are; many are estimated, as the planner does. @param from SQL behind `from` */
export async function countOf(
  manager: Manager,
  from: string,
  { text, parameters }: Conditions,
): Promise<Count> {
  const rows = `from ${from} where ${text}`;
  const [found] = await manager.query<{ count: number }[]>(
    `select count(*)::integer as count from (select ${rows} limit ${counted + 1}) found`,
    parameters,
  );
  const { count } = found!;
  if (count <= counted) return { count, is_estimate: false };
  const [plan] = await manager.query<{ 'QUERY PLAN': { Plan: { 'Plan Rows': number } }[] }[]>(
    `explain (format json) select ${rows}`,
    parameters,
  );
  return { count: Math.max(count, plan!['QUERY PLAN'][0]!.Plan['Plan Rows']), is_estimate: true };
}
