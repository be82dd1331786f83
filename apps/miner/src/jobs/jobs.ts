import { Injectable } from '@nestjs/common';
import { Database, Outbox, type Transaction } from '@horde/database';
import type { ExecutorHandle } from '@horde/executor-manager';
import { isTerminal, JobStatus, mayFollow, type ExecutorClass, type Message } from '@horde/protocol';
import type { StoredReceipt } from '../receipts/stored-receipt.entity.ts';
import { Receipts } from '../receipts/receipts.ts';
import { Post } from '../validators/post.ts';
import { failureFrame, isFailure } from './failure-frame.ts';
import { Job } from './job.entity.ts';
import { isJobUuid } from './job-uuid.ts';
import { storable } from './storable.ts';

export interface NewJob {
  uuid: string;
  validatorHotkey: string;
  executorClass: ExecutorClass;
  /** The initial request's frame as it came. */
  text: string;
  token: string;
  /** @unit seconds from now */
  hardLimit: number;
  /** The started receipt; null on a local miner. */
  receipt: StoredReceipt | null;
}

/** The miner's jobs: rows, their history, and what validators are told of them, always in one transaction. */
@Injectable()
export class Jobs {
  constructor(
    private readonly database: Database,
    private readonly outbox: Outbox,
    private readonly receipts: Receipts,
    private readonly post: Post,
  ) {}

  /** The job of this uuid; null when there is none. */
  async find(uuid: string): Promise<Job | null> {
    return isJobUuid(uuid) ? this.database.manager.findOneBy(Job, { uuid }) : null;
  }

  /**
   * Takes one of `capacity` slots of the class for a new job, or declines it when none is free. The counting is
   * serialised for each class, so a slot is never given twice.
   * @param answer what the validator is told; called in the transaction
   * @returns null when there is a job of this uuid already; nothing has been changed then
   */
  async take(
    job: NewJob,
    capacity: number,
    answer: (accepted: boolean, tx: Transaction) => Promise<Message>,
  ): Promise<'accepted' | 'rejected' | null> {
    return this.database.transaction(async (tx) => {
      await tx.manager.query(`select pg_advisory_xact_lock(hashtext('slots of ' || $1))`, [
        job.executorClass,
      ]);
      const [row] = await tx.manager.query<{ slot_held: boolean }[]>(
        `with free as (
           select count(*) < $7 as slot from job where executor_class = $3 and slot_held
         ), made as (
           insert into job (uuid, validator_hotkey, executor_class, initial_request, executor_token, deadline,
             slot_held, status, ended_at)
           select $1, $2, $3, $4, $5, now() + make_interval(secs => $6),
             slot, case when slot then 'accepted' else 'rejected' end, case when slot then null else now() end
           from free
           on conflict do nothing returning uuid, slot_held, status
         ), noted as (
           insert into job_event (job_uuid, status) select uuid, status from made
         )
         select slot_held from made`,
        [job.uuid, job.validatorHotkey, job.executorClass, job.text, job.token, job.hardLimit, capacity],
      );
      if (!row) return null;
      if (row.slot_held && job.receipt) await this.receipts.store(tx, job.receipt);
      await this.tell(tx, job.validatorHotkey, job.uuid, await answer(row.slot_held, tx));
      return row.slot_held ? 'accepted' : 'rejected';
    });
  }

  /**
   * Moves a job on, notes it in its history and tells its validator. Nothing happens when the job is already there or
   * further, or has ended: a repeated step changes nothing, and an end is final.
   * @param message what the validator is told; null: nothing
   * @param also what else is stored with it
   * @returns whether the job was moved
   */
  async advance(
    job: Pick<Job, 'uuid' | 'validator_hotkey'>,
    to: JobStatus,
    message: Message | null,
    also?: (tx: Transaction) => Promise<void>,
  ): Promise<boolean> {
    const { reason, message: says } = (message ?? {}) as { reason?: string; message?: string };
    return this.database.transaction(async (tx) => {
      const moved = await tx.manager.query<unknown[]>(
        `with moved as (
           update job set status = $2,
             ended_at = case when $4::boolean then now() end,
             connect_by = case when $4 then null else connect_by end,
             slot_held = slot_held and not ($4 and start_requested_at is null)
           where uuid = $1 and status = any ($3) returning uuid
         ), noted as (
           insert into job_event (job_uuid, status, reason, message) select uuid, $2, $5, $6 from moved
         )
         select uuid from moved`,
        [
          job.uuid,
          to,
          before(to),
          isTerminal(to),
          reason ?? null,
          says === undefined ? null : storable(says),
        ],
      );
      if (moved.length === 0) return false;
      await also?.(tx);
      if (message) await this.tell(tx, job.validator_hotkey, job.uuid, message);
      return true;
    });
  }

  /** Tells the validator something that does not move the job. Nothing happens when the job has ended. */
  async relay(job: Pick<Job, 'uuid' | 'validator_hotkey'>, message: Message): Promise<void> {
    await this.database.transaction(async (tx) => {
      const active = await tx.manager.query<unknown[]>(
        'select 1 from job where uuid = $1 and ended_at is null for update',
        [job.uuid],
      );
      if (active.length > 0) await this.tell(tx, job.validator_hotkey, job.uuid, message);
    });
  }

  /** Stores what is to run; false when the job has ended or has it already. @param text the frame as it came */
  async setPayload(uuid: string, text: string): Promise<boolean> {
    const [rows] = await this.database.manager.query<[unknown[]]>(
      'update job set job_request = $2 where uuid = $1 and job_request is null and ended_at is null returning uuid',
      [uuid, text],
    );
    return rows.length > 0;
  }

  /** Notes that the executor is about to be started; null when somebody has done so, or the job has ended. */
  async claimStart(uuid: string, connectWithin: number): Promise<Job | null> {
    const [rows] = await this.database.manager.query<[Job[]]>(
      `update job set start_requested_at = now(), connect_by = now() + make_interval(secs => $2)
       where uuid = $1 and start_requested_at is null and ended_at is null returning *`,
      [uuid, connectWithin],
    );
    return rows[0] ?? null;
  }

  /** Takes `claimStart` back: the executor has not been started, and the next miner shall start it. */
  async unclaimStart(uuid: string): Promise<void> {
    await this.database.manager.query(
      `update job set start_requested_at = null, slot_held = slot_held and ended_at is null
       where uuid = $1 and executor_handle is null`,
      [uuid],
    );
  }

  /** Stores where the executor is; false when the job has ended meanwhile. */
  async setHandle(uuid: string, handle: ExecutorHandle): Promise<boolean> {
    const [rows] = await this.database.manager.query<[{ ended_at: Date | null }[]]>(
      'update job set executor_handle = $2 where uuid = $1 returning ended_at',
      [uuid, JSON.stringify(handle)],
    );
    return rows[0]?.ended_at === null;
  }

  /** The executor of this token is connected: the job, or null when there is none or it has ended. */
  async attach(token: string, address: string): Promise<Job | null> {
    const [rows] = await this.database.manager.query<[Job[]]>(
      `update job set connected_at = coalesce(connected_at, now()), connect_by = null, executor_address = $2
       where executor_token = $1 and ended_at is null returning *`,
      [token, address],
    );
    return rows[0] ?? null;
  }

  /** The executor runs no more: its slot is free. */
  async releaseSlot(uuid: string, exitCode: number | null): Promise<void> {
    await this.database.manager.query(
      `update job set slot_held = false, exited_at = coalesce(exited_at, now()), exit_code = coalesce(exit_code, $2)
       where uuid = $1`,
      [uuid, exitCode],
    );
  }

  /** Gives executors that an earlier miner process has started time to connect again. @param within seconds */
  async expectExecutors(within: number): Promise<void> {
    await this.database.manager.query(
      `update job set connect_by = greatest(connect_by, now() + make_interval(secs => $1))
       where ended_at is null and start_requested_at is not null`,
      [within],
    );
  }

  /** The jobs whose executors may run. */
  holdingSlots(): Promise<Job[]> {
    return this.database.manager.findBy(Job, { slot_held: true });
  }

  /** Ends the job for its validator: it has confirmed how the job ended, and nothing needs to be sent again. */
  async settle(tx: Transaction, job: Job): Promise<void> {
    await tx.manager.query('update job set settled_at = coalesce(settled_at, now()) where uuid = $1', [
      job.uuid,
    ]);
    await this.outbox.settle(tx, job.validator_hotkey, job.uuid);
    tx.afterCommit(() => this.post.forget(job.validator_hotkey, job.uuid));
  }

  private async tell(tx: Transaction, hotkey: string, uuid: string, message: Message) {
    if (isFailure(message)) {
      const { type, frame } = await failureFrame(tx, message);
      await this.outbox.putFrame(tx, hotkey, uuid, type, frame);
    } else await this.outbox.put(tx, hotkey, uuid, message);
    tx.afterCommit(() => this.post.ring(hotkey, uuid));
  }
}

/** The statuses that a job may come from. */
const before = (to: JobStatus): JobStatus[] => JobStatus.filter((from) => mayFollow(from, to));
