import { leave, type Found, type Part } from '@horde/commands';
import { isSs58 } from '@horde/identity';
import { isExecutorClass } from '@horde/protocol';
import type { IncidentKind } from '../incidents/incident-of.ts';
import { incidentsKeptFor } from '../retention/old-records.ts';

const since = (): string => new Date(Date.now() - incidentsKeptFor).toISOString();

interface OldJob {
  uuid: string;
  hotkey: string;
  executor_class: string;
  at: Date;
}

const jobsWith = (what: 'cheated' | 'slashed', at: string): string =>
  `select job_uuid::text as uuid, hotkey, executor_class, ${at} as at
   from validator_organicjob job join validator_miner miner on miner.id = job.miner_id
   where ${what} and ${at} > $1 order by job.id`;

/** Why nothing is known here of such a job; null: it may be taken. */
const unfit = ({ uuid, hotkey, executor_class }: OldJob): Found | null => {
  if (!isSs58(hotkey)) return leave(uuid, 'of no SS58 address');
  return isExecutorClass(executor_class) ? null : leave(uuid, 'of a class that is none here');
};

/** Jobs whose results were reported as wrong: they count for nothing in weights, and against their miner. */
export const oldCheats: Part = {
  what: 'cheated jobs',
  async run(run, tally) {
    const at = run.old.has('validator_organicjob', 'cheat_reported_at')
      ? 'coalesce(cheat_reported_at, updated_at)'
      : 'updated_at';
    const jobs = await run.few<OldJob>(jobsWith('cheated', at), [since()]);
    await run.each(
      tally,
      jobs.map((job) => {
        const { uuid, hotkey, executor_class, at: reported } = job;
        return (
          unfit(job) ?? {
            key: uuid,
            async store({ manager }) {
              // It does not know who has reported it, nor by which other job.
              const rows = await manager.query<unknown[]>(
                `insert into cheat_report (job_uuid, trusted_job_uuid, signatory, details, reported_at, acted_at)
                 values ($1, '', '', $2, $3, $3) on conflict do nothing returning 1`,
                [uuid, "It was reported to ComputeHorde's validator.", reported],
              );
              const cheated: IncidentKind = 'cheated';
              await manager.query(
                `insert into miner_incident (hotkey, job_uuid, executor_class, kind, at) values ($1, $2, $3, $4, $5)
                 on conflict (hotkey, job_uuid) do update set kind = excluded.kind`,
                [hotkey, uuid, executor_class, cheated, reported],
              );
              return rows.length > 0 ? 'taken' : 'here';
            },
          }
        );
      }),
    );
  },
};

/** Jobs for which a miner has lost collateral: it does not lose any for them again. */
export const oldSlashings: Part = {
  what: 'slashed jobs',
  async run(run, tally) {
    const at = run.old.has('validator_organicjob', 'slashed_at')
      ? 'coalesce(slashed_at, updated_at)'
      : 'updated_at';
    if (!run.old.has('validator_organicjob', 'slashed')) return;
    const jobs = await run.few<OldJob>(jobsWith('slashed', at), [since()]);
    await run.each(
      tally,
      jobs.map((job) => {
        const { uuid, hotkey, at: slashed } = job;
        return (
          unfit(job) ?? {
            key: uuid,
            async store({ manager }) {
              // How much it was is not stored there.
              const rows = await manager.query<unknown[]>(
                `insert into slashing (job_uuid, miner_hotkey, amount, created_at, begun_at, outcome)
                 values ($1, $2, 0, $3, $3, $4) on conflict do nothing returning 1`,
                [uuid, hotkey, slashed, "ComputeHorde's validator has slashed it."],
              );
              return rows.length > 0 ? 'taken' : 'here';
            },
          }
        );
      }),
    );
  },
};

/** So many are stored in one go. */
const atOnce = 1_000;

/** What is an incident here, too: the other kind there holds jobs that have failed by themselves. */
const kinds: Record<string, IncidentKind> = {
  MINER_JOB_REJECTED: 'declined',
  MINER_HORDE_FAILED: 'horde_failed',
};

interface Incident extends OldJob {
  id: string;
  type: string;
}

/** What miners have done, as far as routing looks back. */
export const oldIncidents: Part = {
  what: "miners' incidents",
  async run(run, tally) {
    if (!run.old.has('validator_minerincident')) return;
    for (let last = '0'; ;) {
      run.signal.throwIfAborted();
      const rows = await run.old.rows<Incident>(
        `select id, type, job_uuid::text as uuid, left(hotkey_ss58address, 100) as hotkey, executor_class, timestamp as at
         from validator_minerincident where id > $1 and timestamp > $2 order by id limit ${atOnce}`,
        [last, since()],
      );
      if (rows.length === 0) break;
      last = rows.at(-1)!.id;
      const good = rows.filter(({ type, hotkey, executor_class }) => {
        if (!Object.hasOwn(kinds, type)) tally.leave("perhaps the jobs' own doing");
        else if (!isSs58(hotkey) || !isExecutorClass(executor_class)) tally.leave('of no miner or class');
        else return true;
        return false;
      });
      const [{ count }] = await run.change(({ manager }) =>
        manager.query<[{ count: number }]>(
          `with stored as (
             insert into miner_incident (hotkey, job_uuid, executor_class, kind, at)
             select * from unnest($1::text[], $2::uuid[], $3::text[], $4::text[], $5::timestamptz[])
             on conflict do nothing returning 1
           ) select count(*)::int as count from stored`,
          [
            good.map(({ hotkey }) => hotkey),
            good.map(({ uuid }) => uuid),
            good.map(({ executor_class }) => executor_class),
            good.map(({ type }) => kinds[type]!),
            good.map(({ at }) => at),
          ],
        ),
      );
      tally.add({ taken: count, here: good.length - count });
    }
  },
};
