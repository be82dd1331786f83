import { FacilitatorProcess } from '@horde/testing/facilitator-process';
import { databaseOptions } from '../../../apps/facilitator/src/database.ts';
import { hotkeys, moments, sqlOf, uuidPrefixes, uuids, type FilledService } from './filled-service.ts';

/** Less than the seven days that it keeps jobs. */
const hours = 160;
const users = 250;

export const facilitator: FilledService = {
  name: 'facilitator',
  databaseOptions,
  hours,
  start: async (databaseUrl, environment) => {
    const process = await FacilitatorProcess.start(databaseUrl, environment);
    return { url: process.url, stop: () => process.stop() };
  },
  values: (rows) => ({
    jobs: {
      hotkey: hotkeys('user'),
      validator: hotkeys('validator'),
      uuid: uuids(rows),
      uuid_prefix: uuidPrefixes(rows),
      tag: ['common', 'rare', 'none'],
      job_namespace: ['common', 'rare', 'none'],
      created_after: moments(hours),
      created_before: moments(hours),
    },
  }),
  fill: (rows) => {
    const { numbers, at, uuid, isRare, isUnfinished, hotkey, executorClass, end } = sqlOf(rows, hours);
    const word = `case when ${isRare} then 'rare' when number % 3 > 0 then 'common' else number::text end`;
    return [
      `insert into job (uuid, creation_key, hotkey, target_validator_hotkey, signature, created_at, executor_class,
         docker_image, job_namespace, args, env, use_gpu, on_trusted_miner, artifacts_dir, tag, volumes, uploads,
         download_time_limit, execution_time_limit, upload_time_limit, streaming_start_time_limit, streaming_client_cert,
         status, overdue_at)
       select ${uuid}, sha256(number::text::bytea), ${hotkey('user', users)}, ${hotkey('validator', 20)},
         json_build_object('signature', repeat(md5(number::text), 10)), ${at}, ${executorClass}, 'alpine', ${word},
         '["echo"]', '{}', false, false, '', ${word}, '[]', '[]', 60, 60, 60, 60, '',
         case when ${isUnfinished} then 'accepted' else ${end} end,
         case when ${isUnfinished} then now() + interval '1 day' end
       from ${numbers}`,
      `insert into job_status (job_uuid, status, created_at)
       select uuid, told.status, created_at + told.after
       from job cross join (values
         ('sent', interval '0'), ('accepted', interval '2 seconds'), ('completed', interval '10 seconds')
       ) told (status, after)
       where told.status <> 'completed' or overdue_at is null`,
      `insert into job_feedback (job_uuid, result_correctness, expected_duration, signature, created_at)
       select uuid, 1, 10, '{}', created_at from job`,
      `insert into cheat_report (job_uuid, trusted_job_uuid, details, signature, created_at)
       select uuid, uuid, json_build_object('reason', 'It differs.'), '{}', created_at from job`,
      `insert into validator (hotkey, active) select distinct target_validator_hotkey, true from job`,
      `insert into hotkey_whitelist (ss58_address) select distinct hotkey from job`,
      `insert into miner (hotkey, active, ip, port)
       select rpad('miner-' || number, 48, 'x'), true, '10.0.0.1', 8000 from generate_series(1, 256) number`,
      `insert into miner_version (miner_hotkey, version, runner_version)
       select hotkey, '1', '1' from miner cross join generate_series(1, 5)`,
      `insert into machine_specs (content, specs, cpu_model, cpu_count, parsed_at)
       select sha256(number::text::bytea), '{}', 'EPYC', 64, now() from generate_series(1, 1024) number`,
      `insert into machine_gpu (specs_id, model, count) select id, 'A6000', 8 from machine_specs`,
      `insert into machine_snapshot (specs_id, batch_id, miner_hotkey, validator_hotkey, measured_at)
       select specs.id, batch::text, rpad('miner-' || 1 + specs.id % 256, 48, 'x'), 'v', now() - batch * interval '1 hour'
       from machine_specs specs cross join generate_series(1, 100) batch`,
    ];
  },
};
