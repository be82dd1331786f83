import { ServiceBundle } from '@horde/testing/service-bundle';
import { databaseOptions } from '../../../apps/validator/src/database.ts';
import { ValidatorPlace } from '../../../apps/validator/src/testing/running-validator.ts';
import { hotkeys, moments, sqlOf, uuidPrefixes, uuids, type FilledService } from './filled-service.ts';

/** Less than the two days that it keeps jobs, receipts and events. */
const hours = 40;
const miners = 256;
/** Of 12 seconds. */
const blocks = (hours * 3_600) / 12;
const block = (share: number) => String(Math.round(blocks * share));

export const validator: FilledService = {
  name: 'validator',
  databaseOptions,
  hours,
  start: async (databaseUrl, environment) => {
    const place = await ValidatorPlace.make(databaseUrl);
    const bundle = await ServiceBundle.build('validator');
    const process = bundle.run(place.environment({ FACILITATOR_URI: 'ws://127.0.0.1:1', ...environment }));
    const stop = async () => {
      await process.kill('SIGTERM');
      await Promise.all([bundle.remove(), place.remove()]);
    };
    return { url: `http://127.0.0.1:${await process.listening()}`, stop };
  },
  values: (rows) => ({
    jobs: { hotkey: hotkeys('user'), miner: hotkeys('miner'), uuid_prefix: uuidPrefixes(rows) },
    bookings: {
      miner: hotkeys('miner'),
      block: ['0.001', '0.5', '0.999', '2'].map((share) => block(Number(share))),
      job: uuids(rows),
    },
    manifests: {
      miner: hotkeys('miner'),
      from_block: [block(0), block(0.5), block(0.999)],
      to_block: [block(0.001), block(0.5), block(1)],
    },
    receipts: { job: uuids(rows), miner: hotkeys('miner') },
    events: {
      type: ['JOB_ROUTING', 'BURNING_INCENTIVE', 'none'],
      subtype: ['SUCCESS', 'RARE', 'none'],
      after: moments(hours),
      before: moments(hours),
    },
  }),
  fill: (rows) => {
    const { numbers, at, uuid, isRare, isUnfinished, hotkey, executorClass, end } = sqlOf(rows, hours);
    const done = (value: string) => `case when not ${isUnfinished} then ${value} end`;
    /** Twenty blocks, of which some have passed when the job comes. */
    const first = `(${blocks}::bigint * number / ${rows} - number % 600)::integer`;
    const expires = `case when number % 100 = 1 then now() + interval '1 day' * (number % 3 - 1) end`;
    return [
      // Nobody looks at jobs that wait, or takes those that somebody drives.
      `insert into job (uuid, request, executor_class, signatory, facilitator, status, received_at, started_at, ended_at,
         signed_digest, driver, lease_until, waits_for, waits_since, look_at)
       select ${uuid}, repeat(md5(number::text), 30), ${executorClass}, ${hotkey('user', 250)}, 'ws://127.0.0.1:1',
         case when not ${isUnfinished} then ${end} when number % 2 = 0 then 'received' else 'accepted' end,
         ${at}, ${at}, ${done(`${at} + interval '10 seconds'`)}, md5(number::text),
         case when ${isUnfinished} then gen_random_uuid() end,
         case when ${isUnfinished} then now() + interval '1 day' end,
         case when ${isUnfinished} and number % 2 = 0 then 'Waits.' end,
         case when ${isUnfinished} and number % 2 = 0 then ${at} end,
         case when ${isUnfinished} and number % 2 = 0 then now() + interval '1 day' end
       from ${numbers}`,
      `insert into attempt (job_uuid, number, uuid, miner_hotkey, miner_ip, miner_port, started_at, ended_at, outcome,
         booking_id)
       select ${uuid}, 1, ${uuid}, ${hotkey('miner', miners)}, '127.0.0.1', 1, ${at},
         ${done(`${at} + interval '10 seconds'`)}, ${done(`'completed'`)}, md5('booking' || number)::uuid
       from ${numbers}`,
      `insert into job_event (job_uuid, status, at, metadata)
       select ${uuid}, status, ${at} + after, '{}'
       from ${numbers} cross join (values
         ('received', interval '0'), ('accepted', interval '2 seconds'), ('completed', interval '10 seconds')
       ) told (status, after)
       where status <> 'completed' or not ${isUnfinished}`,
      `insert into booking (id, miner_hotkey, executor_class, blocks, last_block, seconds, created_at, expires_at)
       select md5('booking' || number)::uuid, ${hotkey('miner', miners)}, ${executorClass},
         int4multirange(int4range(${first}, ${first} + 15), int4range(${first} + 17, ${first} + 20)), ${first} + 19, 60, ${at},
         ${expires}
       from ${numbers}`,
      `insert into receipt (job_uuid, receipt_type, validator_hotkey, miner_hotkey, payload, validator_signature,
         miner_signature, timestamp, executor_class, is_organic, expires_at, score, block_numbers, created_at)
       select ${uuid}, type, 'validator-' || number % 3, ${hotkey('miner', miners)}, repeat(md5(type), 15),
         repeat('a', 130), repeat('b', 130), ${at}, ${executorClass}, true, ${at} + interval '1 minute',
         case when type = 'JobFinishedReceipt' then 60 end,
         case when type = 'JobFinishedReceipt' then array(select generate_series(${first}, ${first} + 15)) end, ${at}
       from ${numbers} cross join unnest(array['JobStartedReceipt', 'JobFinishedReceipt']) type`,
      `insert into system_event (type, subtype, description, data, at, sent_at)
       select case when ${isRare} then 'BURNING_INCENTIVE' else 'JOB_ROUTING' end,
         case when ${isRare} then 'RARE' when number % 10 = 0 then 'FAILURE' else 'SUCCESS' end, 'What happened.',
         jsonb_build_object('job_uuid', ${uuid}, 'miner_hotkey', ${hotkey('miner', miners)}), ${at}, ${at}
       from ${numbers}`,
      `insert into manifest_change (miner_hotkey, executor_class, block, count, is_drop)
       select ${hotkey('miner', miners)}, ${executorClass}, ${blocks}::bigint * number / ${rows}, number % 9, number % 100 = 0
       from ${numbers} on conflict do nothing`,
      `insert into stake_snapshot (hotkeys, shares) values (array['v'], array[1])`,
      `insert into allowance_block (number, hash, at, multiplier, stakes)
       select number, md5(number::text), now() - (${blocks} - number) * interval '12 seconds', 1, id
       from generate_series(0, ${blocks}) number cross join stake_snapshot`,
      `insert into miner (hotkey, uid, ip, port)
       select rpad('miner-' || number, 48, 'x'), number, '10.0.0.1', 8000 from generate_series(0, ${miners - 1}) number`,
      `insert into miner_manifest (hotkey, executor_class, count)
       select hotkey, class, 8 from miner cross join unnest(array['always_on.test', 'always_on.llm.a6000']) class`,
      `insert into miner_answer (hotkey, answered_at) select hotkey, now() from miner`,
      `insert into miner_incident (hotkey, job_uuid, executor_class, kind, at)
       select miner_hotkey, uuid, 'always_on.test', 'declined', started_at from attempt where uuid < '08000000-0000-0000-0000-000000000000'`,
      `insert into whitelisted_hotkey (hotkey) select distinct signatory from job`,
      `insert into cycle_weights (cycle_start, cycle_end, window_from, window_until, state, note)
       select number * 722, number * 722 + 722, number * 722, number * 722, 'confirmed', 'Handed in.'
       from generate_series(0, 300) number`,
    ];
  },
};
