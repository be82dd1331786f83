import { PreparedStatement, type Transaction } from '@horde/database';
import type { DeclineJob, ExecutorClass } from '@horde/protocol';
import type { StoredReceipt } from '../receipts/stored-receipt.entity.ts';
import type { StoredFrame } from './links.ts';

export interface NewJob {
  uuid: string;
  validatorHotkey: string;
  executorClass: ExecutorClass;
  /** The initial request's frame as it came. */
  text: string;
  /** What the executor shows that is started for the job. */
  token: string;
  /** @unit seconds from now */
  hardLimit: number;
  /** The started receipt; null on a local miner. */
  receipt: StoredReceipt | null;
}

/** A request for one of the slots of a class. */
export interface SlotRequest {
  job: NewJob;
  /** How many executors of the class there may be, warm ones included. */
  capacity: number;
  /** How long the executor may take to connect, where it has to. @unit seconds */
  connectWithin: number;
  /** Whether whoever asks starts the job's executor at once, so that nobody else does. */
  startsAtOnce: boolean;
  /** Whether it can wait for a slot whose job has ended. */
  mayWait: boolean;
  /** Rises with each request that comes: the earlier one gets the slot. 0 until it has been asked for. */
  arrival: number;
  /** What the validator is sent when none is free; called in the transaction. */
  decline: (tx: Transaction) => Promise<DeclineJob>;
}

export interface Taken {
  /** `waits`: no slot is free, but one is about to be; nothing has been stored. */
  outcome: 'accepted' | 'rejected' | 'waits';
  /** The token of the job's executor. */
  token: string;
  /** Whether that is a warm executor, which need not be started. */
  warm: boolean;
  /** What the validator is sent, where it was accepted. */
  answer: StoredFrame | null;
}

interface Row {
  n: number;
  token: string;
  warm: boolean;
  outbox_id: string | null;
  waits: boolean;
}

/**
 * Gives slots to new jobs, in their order, and stores them with the first line of their history and with the accepting
 * frames. The slots of their classes have to be locked.
 * @param connected the tokens of warm executors that are connected
 * @param ahead for each request, how many others of its class wait that came before it
 * @returns for each request what it got; null where there is a job of this uuid already
 */
export async function takeSlots(
  tx: Transaction,
  requests: SlotRequest[],
  acceptFrames: string[],
  connected: string[],
  ahead: number[],
): Promise<(Taken | null)[]> {
  const column = <T>(value: (request: SlotRequest) => T) => requests.map(value);
  const rows = await statement.run(tx.manager, [
    column(({ job }) => job.uuid),
    column(({ job }) => job.validatorHotkey),
    column(({ job }) => job.executorClass),
    column(({ job }) => job.text),
    column(({ job }) => job.token),
    column(({ job }) => job.hardLimit),
    column(({ capacity }) => capacity),
    column(({ connectWithin }) => connectWithin),
    acceptFrames,
    connected,
    column(({ startsAtOnce }) => startsAtOnce),
    column(({ mayWait }) => mayWait),
    column(({ arrival }) => arrival),
    ahead,
  ]);
  const taken = new Map(
    rows.map(({ n, token, warm, outbox_id: id, waits }): [number, Taken] => {
      const answer = id === null ? null : { id, frame: acceptFrames[n - 1]! };
      const outcome = waits ? 'waits' : answer ? 'accepted' : 'rejected';
      return [n, { outcome, token, warm, answer }];
    }),
  );
  return requests.map((_request, index) => taken.get(index + 1) ?? null);
}

/*
 * The n-th new job of a class gets, in this order: a warm executor that is connected, a free slot, a warm executor that
 * is on its way. `on_their_way` of the warm ones lie behind the free slots, hence the two kinds of places. Behind all of
 * them come the slots that are about to be freed, which a job can wait for: their jobs ended less than a minute ago (an
 * executor that stays for longer is stuck), or they are those of warm executors that are being stopped.
 */
const statement = new PreparedStatement<Row>(`
  with asked as (
    select * from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::float8[], $7::int[],
      $8::float8[], $9::text[], $11::boolean[], $12::boolean[], $13::int[], $14::int[])
      with ordinality as asked
        (uuid, hotkey, class, request, token, hard_limit, capacity, connect_within, frame, starts_at_once, may_wait, arrival,
         ahead, n)
  ), fresh as (
    select *, ahead + row_number() over (partition by class order by arrival, n) as place
    from (select distinct on (uuid) * from asked order by uuid, arrival, n) once
    where not exists (select from job where job.uuid = once.uuid)
  ), warm_now as (
    select * from warm_executor where executor_class in (select class from asked) for update
  ), warm as (
    select token, executor_class, executor_handle, executor_address, token = any ($10) as here,
      row_number() over (partition by executor_class order by token = any ($10) desc, requested_at) as place
    from warm_now where not retiring
  ), class_state as (
    select class,
      (select count(*) from warm where executor_class = class) as warm_all,
      (select count(*) from warm where executor_class = class and here) as warm_here,
      greatest(0, max(capacity) - jobs.held - warm_executors.held) as free,
      greatest(0, max(capacity) - jobs.held - warm_executors.held + jobs.ending + warm_executors.ending) as free_soon
    from asked
      cross join lateral (
        select count(*) as held, count(*) filter (where ended_at > now() - interval '1 minute') as ending
        from job where executor_class = class and slot_held
      ) jobs
      cross join lateral (
        select count(*) as held, count(*) filter (where retiring) as ending
        from warm_now where executor_class = class
      ) warm_executors
    group by class, jobs.held, jobs.ending, warm_executors.held, warm_executors.ending
  ), placed as (
    select fresh.*, warm_all, free_soon, warm.token as warm_token, warm.executor_handle, warm.executor_address, coalesce(warm.here, false) as here,
      capacity > 0 and (warm.token is not null or fresh.place between warm_here + 1 and warm_here + free) as slot
    from fresh
      join class_state using (class)
      left join warm on warm.executor_class = class and capacity > 0 and warm.place = case
        when fresh.place <= warm_here then fresh.place
        when fresh.place > warm_here + free then fresh.place - free
      end
  ), given as (
    select *, not slot and may_wait and capacity > 0 and place <= warm_all + free_soon as waits from placed
  ), made as (
    insert into job (uuid, validator_hotkey, executor_class, initial_request, executor_token, deadline, slot_held,
      status, ended_at, executor_handle, executor_address, start_requested_at, connected_at, connect_by)
    select uuid, hotkey, class, case when slot then request else '' end, coalesce(warm_token, token), now() + make_interval(secs => hard_limit), slot,
      case when slot then 'accepted' else 'rejected' end, case when not slot then now() end,
      executor_handle, executor_address,
      case when slot and (starts_at_once or warm_token is not null) then now() end,
      case when here then now() end,
      case when slot and not here and (starts_at_once or warm_token is not null)
        then now() + make_interval(secs => connect_within) end
    from given where not waits
    on conflict do nothing returning uuid, slot_held, status, executor_token
  ), no_longer_idle as (
    delete from warm_executor using made where warm_executor.token = made.executor_token
  ), noted as (
    insert into job_event (job_uuid, status) select uuid, status from made
  ), told as (
    insert into outbox (peer, subject, type, frame)
    select hotkey, uuid::text, 'V0AcceptJobRequest', frame from made join given using (uuid) where slot_held
    returning id, subject
  )
  select n::int, executor_token as token, warm_token is not null as warm, told.id as outbox_id, false as waits
  from made join given using (uuid) left join told on told.subject = made.uuid::text
  union all
  select n::int, token, false, null, true from given where waits`);
