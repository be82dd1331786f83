import { PreparedStatement, type Database } from '@horde/database';
import type { JobStatus } from '@horde/protocol';

/** Texts up to this size are read with their row; longer ones in slices, when they are written out. @unit bytes */
export const maxInline = 16 * 1024;
/** @unit bytes */
const sliceSize = 256 * 1024;

/** A JSON text that is too long to be read with its row. */
export interface LongText {
  table: 'job' | 'job_status';
  /** The column as bytes, in SQL. */
  bytes: string;
  /** The row's primary key. */
  key: string;
  /** @unit bytes */
  size: number;
  /** Where it begins to be written out. @unit bytes */
  from: number;
}

/** A JSON text of a row; null: the row has none. */
export type StoredText = string | LongText | null;

/** What a job asks for. */
interface JobRow {
  uuid: string;
  executor_class: string;
  created_at: string;
  docker_image: string;
  job_namespace: string | null;
  args: StoredText;
  env: StoredText;
  use_gpu: boolean;
  tag: string;
  volumes: StoredText;
  uploads: StoredText;
  artifacts_dir: string;
  target_validator_hotkey: string;
  on_trusted_miner: boolean;
  download_time_limit: number;
  execution_time_limit: number;
  streaming_start_time_limit: number;
  upload_time_limit: number;
  streaming_client_cert: string;
  streaming_server_cert: string;
  streaming_server_address: string;
  /** An integer, as text. */
  streaming_server_port: string;
}

/** What was said of a job with one of its statuses. */
export interface StatusRow {
  job_uuid: string;
  status: JobStatus;
  created_at: string;
  /** Without the miner's response. */
  metadata: StoredText;
  /** The miner's response beyond the four below; null: there is no response. */
  response: StoredText;
  stdout: StoredText;
  stderr: StoredText;
  artifacts: StoredText;
  upload_results: StoredText;
}

/** A job with its statuses, oldest first. */
export interface StoredJob {
  row: JobRow;
  statuses: StatusRow[];
}

/** Columns that hold JSON texts, by name, as bytes in SQL. */
type TextColumns = Record<string, string>;
const jsonColumn = (name: string) => `convert_to(${name}::text, 'UTF8')`;
const jobTexts: TextColumns = {
  args: jsonColumn('args'),
  env: jsonColumn('env'),
  volumes: jsonColumn('volumes'),
  uploads: jsonColumn('uploads'),
};
const statusTexts: TextColumns = {
  metadata: jsonColumn('metadata'),
  response: jsonColumn('response'),
  stdout: 'stdout',
  stderr: 'stderr',
  artifacts: 'artifacts',
  upload_results: 'upload_results',
};

const selectTexts = (columns: TextColumns): string =>
  Object.entries(columns)
    .map(
      ([name, bytes]) =>
        `octet_length(${bytes}) as ${name}_size,
         case when octet_length(${bytes}) <= ${maxInline} then convert_from(${bytes}, 'UTF8') end as ${name}`,
    )
    .join(', ');

/** A time on the wire: microseconds, always six digits, and Z. */
export const wireTime = (column: string) =>
  `to_char(${column} at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;

const selectStatuses = new PreparedStatement<Stored>(`
  select id as key, job_uuid, status, ${wireTime('created_at')} as created_at, ${selectTexts(statusTexts)}
  from job_status where job_uuid = any($1) order by id`);

const selectJobs = new PreparedStatement<Stored>(`
  select uuid as key, uuid, executor_class, ${wireTime('created_at')} as created_at, docker_image, job_namespace, use_gpu,
    tag, artifacts_dir, target_validator_hotkey, on_trusted_miner, download_time_limit, execution_time_limit,
    streaming_start_time_limit, upload_time_limit, streaming_client_cert, streaming_server_cert,
    streaming_server_address, streaming_server_port, ${selectTexts(jobTexts)}
  from job where uuid = any($1)`);

/** Reads jobs in the order of `uuids`, without those that are no longer there. */
export async function readJobs(database: Database, uuids: string[]): Promise<StoredJob[]> {
  // Statuses first: a job that moves on meanwhile is shown as it was before, and nothing of its result is missing.
  const statuses = await readStatuses(database, uuids);
  const jobs = await selectJobs.run(database.manager, [uuids]);
  const rows = new Map(
    jobs.map((row) => [row['uuid'], withTexts('job', jobTexts, row) as unknown as JobRow]),
  );
  return uuids.flatMap((uuid) => {
    const row = rows.get(uuid);
    const own = statuses.filter(({ job_uuid }) => job_uuid === uuid);
    if (!row || own.length === 0) return [];
    return { row, statuses: own };
  });
}

/** What was said of these jobs, in the order in which it was. */
export async function readStatuses({ manager }: Database, jobs: string[]): Promise<StatusRow[]> {
  const rows = await selectStatuses.run(manager, [jobs]);
  return rows.map((row) => withTexts('job_status', statusTexts, row) as unknown as StatusRow);
}

/** The bytes of a long text, piece by piece. No connection to the database is held in between: readers may be slow. */
export async function* readText({ manager }: Database, text: LongText): AsyncGenerator<Buffer> {
  const key = text.table === 'job' ? 'uuid' : 'id';
  for (let { from } = text; from < text.size; from += sliceSize) {
    const [row] = await manager.query<{ slice: Buffer }[]>(
      `select substr(${text.bytes}, $2, $3) as slice from ${text.table} where ${key} = $1`,
      [text.key, from + 1, sliceSize],
    );
    if (!row) throw new Error('A job was removed while it was read.');
    yield row.slice;
  }
}

type Stored = Record<string, unknown> & { key: string };

function withTexts(table: LongText['table'], columns: TextColumns, row: Stored): Stored {
  for (const [name, bytes] of Object.entries(columns)) {
    const size = row[`${name}_size`] as number | null;
    if (size !== null && size > maxInline)
      row[name] = { table, bytes, key: row.key, size, from: 0 } satisfies LongText;
  }
  return row;
}
