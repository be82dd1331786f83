import { databaseOptions } from '../../../apps/miner/src/migrations/database-options.ts';
import { MinerProcess } from '../../../tests/load/miner-process.ts';
import { hotkeys, sqlOf, uuidPrefixes, type FilledService } from './filled-service.ts';

/** Less than the two days that it keeps jobs and receipts. */
const hours = 40;

export const miner: FilledService = {
  name: 'miner',
  databaseOptions,
  hours,
  start: async (databaseUrl, environment) => {
    const process = await MinerProcess.start({
      databaseUrl,
      environment,
      executors: { 'always_on.test': 2 },
    });
    return { url: process.url.replace('ws:', 'http:'), stop: () => process.stop() };
  },
  values: (rows) => ({
    jobs: { uuid_prefix: uuidPrefixes(rows), validator: hotkeys('validator') },
    receipts: { uuid_prefix: uuidPrefixes(rows), validator: hotkeys('validator') },
  }),
  fill: (rows) => {
    const { numbers, at, uuid, isUnfinished, hotkey, executorClass, end } = sqlOf(rows, hours);
    const done = (value: string) => `case when not ${isUnfinished} then ${value} end`;
    return [
      `insert into job (uuid, validator_hotkey, executor_class, status, initial_request, job_request, executor_token,
         executor_handle, slot_held, deadline, accepted_at, start_requested_at, connected_at, exited_at, exit_code,
         ended_at, settled_at)
       select ${uuid}, ${hotkey('validator', 20)}, ${executorClass}, coalesce(${done(end)}, 'accepted'),
         repeat(md5(number::text), 20), repeat(md5(number::text), 20), number,
         jsonb_build_object('place', 'host-' || number % 50), false, ${at} + interval '1 day', ${at}, ${at}, ${at},
         ${done(at)}, ${done('0')}, ${done(`${at} + interval '10 seconds'`)}, ${done(`${at} + interval '10 seconds'`)}
       from ${numbers}`,
      `insert into job_event (job_uuid, status, at)
       select uuid, told.status, accepted_at + told.after
       from job cross join (values ('accepted', interval '0'), ('executor_ready', interval '2 seconds')) told (status, after)`,
      `insert into receipt (job_uuid, receipt_type, validator_hotkey, timestamp, executor_class, is_organic, ttl, score,
         paying_blocks, payload, validator_signature, miner_signature, stored_at, page)
       select uuid, type, validator_hotkey, accepted_at, executor_class, true, 60,
         case when type = 'JobFinishedReceipt' then 60 end, case when type = 'JobFinishedReceipt' then 0 end,
         json_build_object('receipt_type', type, 'job_uuid', uuid, 'score_str', '60.0', 'block_numbers', '[]'::json,
           'miner_hotkey', repeat(md5(type), 8)),
         repeat('a', 130), repeat('b', 130), accepted_at, 1
       from job cross join unnest(array['JobStartedReceipt', 'JobFinishedReceipt']) type`,
      `insert into validator (hotkey, active) select distinct validator_hotkey, true from job`,
    ];
  },
};
