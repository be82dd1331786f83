/** Puts jobs into a facilitator's tables without their way through the network: for what many or large ones cost. */

type Query = (sql: string, ...values: unknown[]) => Promise<unknown>;

export interface StoredJobs {
  hotkey: string;
  validator: string;
  count: number;
  /** The size of each job's artifacts. @unit bytes @default none: the job has not ended */
  artifacts?: number;
}

/** The jobs are a second apart, the last one is the newest. */
export async function storeJobs(query: Query, jobs: StoredJobs): Promise<void> {
  const { hotkey, validator, count, artifacts = 0 } = jobs;
  await query('insert into validator (hotkey, active) values ($1, true) on conflict do nothing', validator);
  await query(
    `insert into job (uuid, creation_key, hotkey, target_validator_hotkey, signature, created_at, executor_class,
       docker_image, args, env, use_gpu, on_trusted_miner, artifacts_dir, tag, volumes, uploads, download_time_limit,
       execution_time_limit, upload_time_limit, streaming_start_time_limit, streaming_client_cert, status)
     select gen_random_uuid(), decode(md5(number || $1), 'hex'), $1, $2, '{}', now() + number * interval '1 second',
       'always_on.test', 'alpine', '[]', '{}', false, false, '', '', '[]', '[]', 1, 1, 1, 1, '',
       case when $4 > 0 then 'completed' else 'sent' end
     from generate_series(1, $3::int) number where $4::int >= 0`,
    hotkey,
    validator,
    count,
    artifacts,
  );
  await query(
    `insert into job_status (job_uuid, status) select uuid, 'sent' from job where hotkey = $1`,
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
