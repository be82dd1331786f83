import type { ValidatorPlace } from './running-validator.ts';

/** What is said in transactions that were begun before a moment and are still open. */
export const transactionsOpenSince = (place: Pick<ValidatorPlace, 'query'>, since: Date) =>
  place.query<{ query: string }>(
    `select query from pg_stat_activity
     where datname = current_database() and backend_type = 'client backend' and xact_start < $1`,
    [since],
  );
