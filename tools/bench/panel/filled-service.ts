import { createHash } from 'node:crypto';
import type { DatabaseOptions } from '@horde/database';

/** A service whose panel is measured: how its tables are filled, how it is started, and what its lists are filtered by. */
export interface FilledService {
  name: 'facilitator' | 'validator' | 'miner';
  databaseOptions: (url: string) => DatabaseOptions;
  /** The age of the oldest rows. @unit hours */
  hours: number;
  /** Statements that put so many rows into each table that grows and is listed. */
  fill: (rows: number) => string[];
  /** Starts its real process on a filled database. */
  start: (databaseUrl: string, environment: Record<string, string>) => Promise<RunningService>;
  /** What lists are filtered by, by list and filter: filters with few values take those of the API's document. */
  values: (rows: number) => Record<string, Record<string, string[]>>;
}

interface RunningService {
  /** `http://127.0.0.1:PORT` */
  url: string;
  stop: () => Promise<unknown>;
}

/** The oldest rows have what no others have: a search from the newest on comes to them last. */
const rare = 20;
/** So many of the newest jobs have not ended. */
const unfinished = 300;

/** What the SQL of this many rows is made of, each of the row `number`. */
export const sqlOf = (rows: number, hours: number) => ({
  numbers: `generate_series(1, ${rows}) number`,
  at: `(now() - (${rows} - number) * interval '${hours} hours' / ${rows})`,
  uuid: `md5('job' || number)::uuid`,
  isRare: `number <= ${rare}`,
  isUnfinished: `number > ${rows - unfinished}`,
  /** Half of the rows have a common one. @param others how many there are beside it */
  hotkey: (kind: string, others: number) =>
    `rpad('${kind}-' || case when number <= ${rare} then 'rare' when number % 2 = 0 then 'common'
       else (number % ${others})::text end, 48, 'x')`,
  executorClass: `case when number <= ${rare} then 'always_on.gpu-24gb' when number % 5 < 3 then 'always_on.test'
    else 'always_on.llm.a6000' end`,
  /** How its job has ended. */
  end: `case when number <= ${rare} then 'rejected' when number % 100 < 3 then 'failed'
    when number % 100 < 5 then 'horde_failed' else 'completed' end`,
});

const hotkey = (kind: string, which: string) => `${kind}-${which}`.padEnd(48, 'x');
/** What a list is filtered by that is of these hotkeys. */
export const hotkeys = (kind: string): string[] =>
  ['common', 'rare', '7', 'none'].map((which) => hotkey(kind, which));

/** The uuids of some jobs, evenly from the oldest to the newest. @param first how far behind the oldest one they begin */
export const uuids = (rows: number, count = 3, first = 0): string[] =>
  Array.from(
    { length: count },
    (_, at) => 1 + ((first + Math.floor(((rows - 1) * at) / (count - 1))) % rows),
  ).map((number) =>
    createHash('md5')
      .update(`job${number}`)
      .digest('hex')
      .replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, '$1-$2-$3-$4-$5'),
  );

/** Beginnings of uuids: of many jobs, of some, and of one. */
export const uuidPrefixes = (rows: number): string[] => ['0', 'a1', 'c3f0', uuids(rows)[0]!];

/** Moments among the rows, and those of the oldest and of the newest. */
export const moments = (hours: number): string[] =>
  [hours - 0.01, hours / 2, 0.01].map((ago) => new Date(Date.now() - ago * 3_600_000).toISOString());
