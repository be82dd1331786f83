import { FollowedStatement, insertMessage, PreparedStatement } from '@horde/database';
import { jobColumns, type Job } from './job.entity.ts';

/** The job whose executor that is. */
export type Place = Pick<Job, 'uuid' | 'ended_at'>;

/** $1: its uuid. */
export const byUuid = new PreparedStatement<Job>(`select ${jobColumns} from job where uuid = $1`);

/** Puts a message about the one job of the table `job` into the outbox; where `type` is null, none. */
const tell = (job: string, type: string, frame: string): string =>
  insertMessage(`(select * from ${job} where ${type}::text is not null) said`, {
    peer: 'validator_hotkey',
    subject: 'uuid::text',
    type,
    frame,
  });

/**
 * Moves a job on. $1: its uuid; $2: the status; $3: those that it may come from; $4: whether it ends; $5, $6: why; $7: the
 * number of the executor's message; $8, $9: type and frame of what its validator is sent.
 */
export const move = new FollowedStatement<{ slot_held: boolean }>(
  (following) => `with moved as (
     update job set status = $2,
       ended_at = case when $4::boolean then now() end,
       connect_by = case when $4 then null else connect_by end,
       slot_held = slot_held and not ($4 and start_requested_at is null),
       initial_request = case when $2 = 'rejected' then '' else initial_request end,
       executor_number = greatest(executor_number, $7), ended_by_executor = $4 and $7 > 0
     where uuid = $1 and status = any ($3) returning uuid, validator_hotkey, slot_held
   ), noted as (
     insert into job_event (job_uuid, status, reason, message) select uuid, $2, $5, $6 from moved
   ), told as (${tell('moved', '$8', '$9')})${following}
   select slot_held from moved`,
  'exists (select from moved)',
);

/**
 * Notes that a message of the executor was heard. $1: the job's uuid; $2: the message's number; $3, $4: type and frame of
 * what its validator is sent.
 */
export const relay = new PreparedStatement(
  `with heard as (
     update job set executor_number = greatest(executor_number, $2)
     where uuid = $1 and ended_at is null and ($2 = 0 or executor_number < $2) returning uuid, validator_hotkey
   )
   ${tell('heard', '$3', '$4')}`,
);

/** Stores what is to run. $1: the uuid; $2: the frame. */
export const payload = new PreparedStatement(
  'update job set job_request = $2 where uuid = $1 and job_request is null and ended_at is null returning uuid',
);

/** Notes that the executor is about to be started. $1: the uuid; $2: within how many seconds it has to connect; $3: again. */
export const claim = new PreparedStatement<Job>(
  `update job set start_requested_at = now(), connect_by = now() + make_interval(secs => $2)
   where uuid = $1 and (start_requested_at is null or $3) and executor_handle is null and ended_at is null
   returning ${jobColumns}`,
);

/** The executor has connected. $1: its token; $2: its address; $3: whether it speaks `durable-1`. */
export const attached = new PreparedStatement<Job>(
  `update job set connected_at = coalesce(connected_at, now()), connect_by = null, executor_address = $2,
     executor_durable = $3
   where executor_token = $1 and ended_at is null returning ${jobColumns}`,
);

/** The executor has ended. $1: the uuid; $2: the exit code. */
export const release = new PreparedStatement<Pick<Job, 'validator_hotkey'>>(
  `update job set slot_held = false, exited_at = coalesce(exited_at, now()), exit_code = coalesce(exit_code, $2)
   where uuid = $1 returning validator_hotkey`,
);

/** Jobs whose validators have confirmed their ends. $1: their uuids. */
export const settle = new PreparedStatement(
  `with settled as (
     update job set settled_at = coalesce(settled_at, now()) where uuid = any ($1::uuid[])
   )
   delete from outbox where subject = any ($1::text[])`,
);

/** Where executors are. $1: their tokens; $2: their handles, as JSON. */
export const handles = new PreparedStatement<Place & { token: string }>(
  `update job set executor_handle = started.handle::jsonb
   from unnest($1::text[], $2::text[]) as started (token, handle)
   where executor_token = started.token returning uuid, ended_at, started.token`,
);
