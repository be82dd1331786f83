import { statusLabel } from '@horde/protocol';
import type { LongText, StatusRow, StoredJob, StoredText } from './job-rows.ts';

/** A part of a JSON text. */
export type Piece = string | LongText;

/**
 * The JSON of a job as its user sees it, keys in ComputeHorde's order. It is put together from the texts in the
 * database: results have megabytes, and the order of `env` must stay.
 */
export function jobResource({ row, statuses }: StoredJob): Piece[] {
  const last = statuses.at(-1)!;
  return object([
    ['uuid', text(row.uuid)],
    ['executor_class', text(row.executor_class)],
    ['created_at', text(row.created_at)],
    ['last_update', text(last.created_at)],
    ['status', text(statusLabel(last.status))],
    ['docker_image', text(row.docker_image)],
    ['job_namespace', text(row.job_namespace)],
    ['args', row.args!],
    ['env', row.env!],
    ['use_gpu', String(row.use_gpu)],
    ['tag', text(row.tag)],
    ['stdout', newest(statuses, 'stdout') ?? '""'],
    ['stderr', newest(statuses, 'stderr') ?? '""'],
    ['volumes', row.volumes!],
    ['uploads', row.uploads!],
    ['artifacts', newest(statuses, 'artifacts') ?? '{}'],
    ['artifacts_dir', text(row.artifacts_dir)],
    ['target_validator_hotkey', text(row.target_validator_hotkey)],
    ['on_trusted_miner', String(row.on_trusted_miner)],
    ['upload_results', newest(statuses, 'upload_results') ?? '{}'],
    ['download_time_limit', String(row.download_time_limit)],
    ['execution_time_limit', String(row.execution_time_limit)],
    ['streaming_start_time_limit', String(row.streaming_start_time_limit)],
    ['upload_time_limit', String(row.upload_time_limit)],
    ['streaming_client_cert', text(row.streaming_client_cert)],
    ['streaming_server_cert', text(row.streaming_server_cert)],
    ['streaming_server_address', text(row.streaming_server_address)],
    ['streaming_server_port', row.streaming_server_port],
    [
      'status_history',
      ['[', ...statuses.flatMap((status, at) => [at > 0 ? ',' : '', ...entry(status)]), ']'],
    ],
  ]);
}

const newest = (
  statuses: StatusRow[],
  name: 'stdout' | 'stderr' | 'artifacts' | 'upload_results',
): StoredText => statuses.findLast((status) => status[name] !== null)?.[name] ?? null;

function entry(status: StatusRow): Piece[] {
  const response: Member[] = status.response === null ? [] : [['miner_response', minerResponse(status)]];
  return object([
    ['status', text(status.status)],
    ['metadata', merged(response, status.metadata!)],
    ['created_at', text(status.created_at)],
  ]);
}

function minerResponse(status: StatusRow): Piece[] {
  const parts: [string, StoredText][] = [
    ['docker_process_stderr', status.stderr],
    ['docker_process_stdout', status.stdout],
    ['artifacts', status.artifacts],
    ['upload_results', status.upload_results],
  ];
  return merged(
    parts.filter((part): part is [string, Piece] => part[1] !== null),
    status.response!,
  );
}

type Member = [name: string, value: Piece | Piece[]];

function object(members: Member[]): Piece[] {
  return ['{', ...written(members), '}'];
}

/** The object `rest` with these members before its own. */
function merged(members: Member[], rest: Piece): Piece[] {
  if (members.length === 0) return [rest];
  if (rest === '{}') return object(members);
  const inner: Piece = typeof rest === 'string' ? rest.slice(1) : { ...rest, from: 1 };
  return ['{', ...written(members), ',', inner];
}

const written = (members: Member[]): Piece[] =>
  members.flatMap(([name, value], at) => [`${at > 0 ? ',' : ''}"${name}":`, ...[value].flat()]);

const text = (value: string | null): string => JSON.stringify(value);
