/** Puts jobs into a facilitator's tables without their way through the network: for what many or large ones cost. */

type Query = (sql: string, ...values: unknown[]) => Promise<unknown>;

export interface StoredJobs {
  hotkey: string;
  validator: string;
  count: number;
  /** The size of each job's artifacts. @unit bytes @default none: the job has not ended */
  artifacts?: number;
  /** The number of the first one, where the hotkey has others. @default 1 */
  first?: number;
  /** The jobs are of these by turns. @default `always_on.test` */
  classes?: string[];
  /** Each job whose number is a multiple of this has failed. @default none */
  failed?: number;
}

/** The jobs are a second apart, the last one is the newest. */
export async function storeJobs(query: Query, jobs: StoredJobs): Promise<void> {
  const { hotkey, validator, count, artifacts = 0, first = 1 } = jobs;
  const { classes = ['always_on.test'], failed = null } = jobs;
  await query('insert into validator (hotkey, active) values ($1, true) on conflict do nothing', validator);
  await query(
    `insert into job (uuid, creation_key, hotkey, target_validator_hotkey, signature, created_at, executor_class,
       docker_image, args, env, use_gpu, on_trusted_miner, artifacts_dir, tag, volumes, uploads, download_time_limit,
       execution_time_limit, upload_time_limit, streaming_start_time_limit, streaming_client_cert, status)
     select gen_random_uuid(), decode(md5($1) || lpad(to_hex(number), 8, '0'), 'hex'), $1, $2, '{}', now() + number * interval '1 second',
       ($6::text[])[1 + number % cardinality($6::text[])], 'alpine', '[]', '{}', false, false, '', '', '[]', '[]', 1, 1, 1, 1, '',
       case when $4 > 0 then 'completed' when number % $7::int = 0 then 'failed' else 'sent' end
     from generate_series($5::int, $5::int + $3::int - 1) number where $4::int >= 0`,
    hotkey,
    validator,
    count,
    artifacts,
    first,
    classes,
    failed,
  );
  await query(
    `insert into job_status (job_uuid, status) select uuid, 'sent' from job where hotkey = $1
     on conflict do nothing`,
    hotkey,
  );
  if (artifacts > 0)
    await query(
      `insert into job_status (job_uuid, status, response, stdout, stderr, artifacts, upload_results)
       select uuid, 'completed', '{}', '""', '""',
         convert_to('{"/artifacts/a":"' || repeat('A', $2::int / 4 * 4) || '"}', 'UTF8'), '{}'
       from job where hotkey = $1`,
      hotkey,
      artifacts,
    );
}
