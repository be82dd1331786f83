import type { Database } from '@horde/database';
import type { EndedJob } from './job-traces.ts';

/** In SQL, for `createTraceCursor`: whatever has ended until now. */
export const positionNow = `now()::text || ' ffffffff-ffff-ffff-ffff-ffffffffffff'`;

/** `EndedJobs.after` for a service whose table `job` has an index on `ended_at`. */
export function endedByTime(database: Database, position: string, most: number): Promise<EndedJob[]> {
  return database.manager.query<EndedJob[]>(
    `select uuid, ended_at::text || ' ' || uuid as position from job
     where (ended_at, uuid) > (left($1, -37)::timestamptz, right($1, 36)::uuid)
       and ended_at between now() - interval '1 hour' and now() - interval '2 seconds'
     order by ended_at, uuid limit $2`,
    [position, most],
  );
}
