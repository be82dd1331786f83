import type pg from 'pg';
import { shown, type Figure } from '../figure.ts';
import { parentOf, processorTime, processorTimeOfAll, residentMemory } from './process-use.ts';

/** What jobs have taken of the machine. */
export interface Spent {
  /** All of it. @param when what was done @param bars what is wanted; null or left out: nothing is */
  figures(jobs: number, when: string, bars?: SpendingBars): Figure[];
}

/** At most, of facilitator, validator and miner together. */
interface SpendingBars {
  /** Transactions a job that write. */
  writes?: number | null;
  /** Processor time a job. @unit ms */
  processor?: number | null;
  /** Resident memory. @unit MB */
  memory?: number | null;
}

/** Whose use of processors is counted. */
export interface Processes {
  facilitator: number;
  validator: number;
  miner: number;
  /** What plays the executors; null: nothing does. */
  executors: number | null;
}

/**
 * Counts from now on what is spent in Postgres and by the services.
 *
 * @returns what has been spent until it is called
 */
export async function countSpending(
  database: pg.Client,
  processes: Processes,
): Promise<() => Promise<Spent>> {
  const before = await counts(database, processes);
  return async () => {
    const after = await counts(database, processes);
    const taken = (name: keyof typeof before) => after[name] - before[name];
    return {
      figures: (jobs, when, { writes, processor, memory } = {}) => [
        shown(`transactions a job that write, ${when}`, taken('writes') / jobs, '', writes),
        shown(`transactions a job, ${when}`, taken('commits') / jobs, ''),
        shown(
          `processor a job, ${when}: facilitator, validator, miner`,
          taken('services') / jobs,
          'ms',
          processor,
        ),
        shown(`processor a job, ${when}: Postgres`, taken('postgres') / jobs, 'ms'),
        shown(`processor a job, ${when}: the client`, taken('client') / jobs, 'ms'),
        ...(processes.executors === null
          ? []
          : [shown(`processor a job, ${when}: what plays the executors`, taken('executors') / jobs, 'ms')]),
        shown(`resident, ${when}: facilitator, validator, miner`, after.memory, 'MB', memory),
      ],
    };
  };
}

async function counts(database: pg.Client, { executors, ...services }: Processes) {
  // Only what writes takes a number.
  const { rows } = await database.query<{ writes: string; commits: string; connection: number }>(
    `select pg_stat_clear_snapshot(), pg_snapshot_xmax(pg_current_snapshot()) as writes, xact_commit as commits,
       pg_backend_pid() as connection from pg_stat_database where datname = current_database()`,
  );
  // One process of Postgres starts those of all connections.
  const postgres = parentOf(rows[0]!.connection);
  const pids = Object.values(services);
  const { user, system } = process.cpuUsage();
  return {
    writes: Number(rows[0]!.writes),
    commits: Number(rows[0]!.commits),
    services: sum(pids.map(processorTime)),
    postgres: processorTimeOfAll(postgres),
    executors: executors === null ? 0 : processorTime(executors),
    client: (user + system) / 1_000,
    memory: sum(pids.map(residentMemory)),
  };
}

const sum = (numbers: number[]): number => numbers.reduce((total, number) => total + number, 0);
