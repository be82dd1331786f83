import { Inject, Injectable } from '@nestjs/common';
import {
  Batches,
  Database,
  GatheredBell,
  Outbox,
  type FollowingWrite,
  type Transaction,
} from '@horde/database';
import type { ExecutorHandle } from '@horde/executor-manager';
import {
  isTerminal,
  JobStatus,
  mayFollow,
  type Message,
  isCanonicalUuid,
  withoutNuls,
  writeFrame,
} from '@horde/protocol';
import { VALIDATOR_LINK } from '../tokens.ts';
import { FreedSlots } from './freed-slots.ts';
import { failureFrame, isFailure } from './failure-frame.ts';
import * as statements from './job-statements.ts';
import type { Place } from './job-statements.ts';
import { jobColumns, type Job } from './job.entity.ts';
import type { FreshFrame, ValidatorLink } from './links.ts';

/** How many handles are stored together. */
const maxBatch = 256;

/** An executor that has been started, and where it is. */
interface Started {
  token: string;
  handle: ExecutorHandle;
}

/** What goes with a job that moves on. */
interface Along {
  /** What else is changed in the same statement. */
  following?: readonly FollowingWrite[];
  /** Why it did, where no message says so: a sentence. */
  why?: string;
  /** What else is stored with it. */
  also?: (tx: Transaction) => Promise<void>;
  /** The number of the executor's message that says so, on `durable-1`. @default 0 */
  executorNumber?: number;
}

type Failure = Parameters<typeof failureFrame>[1];

/** The miner's jobs: rows, their history, and what validators are sent about them, always in one transaction. */
@Injectable()
export class Jobs {
  private readonly handles = new Batches((started: Started[]) => this.setHandles(started), maxBatch);

  constructor(
    private readonly database: Database,
    private readonly outbox: Outbox,
    private readonly freed: FreedSlots,
    private readonly bell: GatheredBell,
    @Inject(VALIDATOR_LINK) private readonly validators: ValidatorLink,
  ) {}

  /** The job of this uuid; null when there is none. */
  async find(uuid: string): Promise<Job | null> {
    if (!isCanonicalUuid(uuid)) return null;
    const [job] = await statements.byUuid.run(this.database.manager, [uuid]);
    return job ?? null;
  }

  /** Whether anything is kept that its validator was to be sent about a job. */
  async hasMessages(uuid: string): Promise<boolean> {
    const rows = await this.database.manager.query<unknown[]>(
      'select 1 from outbox where subject = $1 limit 1',
      [uuid],
    );
    return rows.length > 0;
  }

  /** What is known of a job's executor, without the job's requests: these may be large. */
  async executorOf(
    uuid: string,
  ): Promise<Pick<Job, 'slot_held' | 'executor_token' | 'executor_handle'> | null> {
    const [row] = await this.database.manager.query<Job[]>(
      'select slot_held, executor_token, executor_handle from job where uuid = $1',
      [uuid],
    );
    return row ?? null;
  }

  /**
   * Moves a job on, notes it in its history and tells its validator. Nothing happens when the job is already there or
   * further, or has ended: a repeated step changes nothing, and an end is final. Its validator's connection is rung for
   * all the same: the attempt before may have been stored although its answer was lost.
   *
   * Its connection reads what there is to be sent: a statement that has waited for the job's row does not see what was stored
   * about it meanwhile.
   * @param message what the validator is sent; null: nothing
   * @returns whether the job was moved
   */
  advance(
    job: Pick<Job, 'uuid' | 'validator_hotkey'>,
    to: JobStatus,
    message: Message | null,
    along: Along = {},
  ): Promise<boolean> {
    // How a failure is told depends on what is stored with it.
    const failure = message && isFailure(message) ? message : null;
    const work = (tx: Transaction) => this.move(tx, job, to, { message, failure, ...along });
    return failure || along.also ? this.database.transaction(work) : this.database.single(work);
  }

  private async move(
    tx: Transaction,
    { uuid, validator_hotkey: hotkey }: Pick<Job, 'uuid' | 'validator_hotkey'>,
    to: JobStatus,
    step: Along & { message: Message | null; failure: Failure | null },
  ): Promise<boolean> {
    const { message, failure, following, why, also, executorNumber = 0 } = step;
    const { reason, message: says = why } = (message ?? {}) as { reason?: string; message?: string };
    const said = failure ? null : message;
    const values = [
      uuid,
      to,
      before(to),
      isTerminal(to),
      reason ?? null,
      says === undefined ? null : withoutNuls(says),
      executorNumber,
      said?.message_type ?? null,
      said && writeFrame(said),
    ];
    const [moved] = await statements.move.run(tx.manager, values, following);
    if (!moved) {
      tx.afterCommit(() => this.validators.ring(hotkey, uuid));
      return false;
    }
    tx.afterCommit(() => this.bell.ring('jobs'));
    await also?.(tx);
    if (isTerminal(to) && !moved.slot_held)
      tx.afterCommit(() => {
        this.freed.ring();
        this.validators.ringOutput(hotkey, uuid);
      });
    const fresh = failure ? await this.putFailure(tx, hotkey, failure) : undefined;
    if (message) tx.afterCommit(() => this.validators.ring(hotkey, uuid, fresh));
    return true;
  }

  /**
   * Tells the validator something that does not move the job. Nothing happens when the job has ended.
   * @param executorNumber the number of the executor's message, on `durable-1`; nothing happens when it is stored already
   */
  async relay(
    { uuid, validator_hotkey: hotkey }: Pick<Job, 'uuid' | 'validator_hotkey'>,
    message: Message,
    executorNumber = 0,
  ): Promise<void> {
    const values = [uuid, executorNumber, message.message_type, writeFrame(message)];
    await this.database.single((tx) => statements.relay.run(tx.manager, values));
    this.validators.ring(hotkey, uuid);
  }

  /** Stores what is to run; false when the job has ended or has it already. @param text the frame as it came */
  async setPayload(uuid: string, text: string): Promise<boolean> {
    const rows = await statements.payload.run(this.database.manager, [uuid, text]);
    this.bell.ring('jobs');
    return rows.length > 0;
  }

  /**
   * Notes that the executor is about to be started; null when somebody has done so, or the job has ended.
   * @param again the caller has tried before, and may have done so
   */
  async claimStart(uuid: string, connectWithin: number, again = false): Promise<Job | null> {
    const [job] = await statements.claim.run(this.database.manager, [uuid, connectWithin, again]);
    this.bell.ring('jobs');
    return job ?? null;
  }

  /** Takes `claimStart` back: the executor has not been started, and the next miner shall start it. */
  async unclaimStart(uuid: string): Promise<void> {
    await this.database.manager.query(
      `update job set start_requested_at = null, slot_held = slot_held and ended_at is null
       where uuid = $1 and executor_handle is null`,
      [uuid],
    );
    this.freed.ring();
  }

  /** Forgets that the executor was being started: it never was. Its token is void, should it come after all. */
  async restart(uuid: string, token: string): Promise<void> {
    await this.database.manager.query(
      `update job set start_requested_at = null, connect_by = null, executor_token = $2,
         slot_held = slot_held and ended_at is null
       where uuid = $1 and executor_handle is null and connected_at is null`,
      [uuid, token],
    );
    this.freed.ring();
  }

  /** Stores where the executor of this token is. @returns its job; null when no job has this token */
  setHandle(token: string, handle: ExecutorHandle): Promise<Place | null> {
    return this.handles.add({ token, handle });
  }

  /**
   * The executor of this token is connected: the job, or null when there is none or it has ended.
   * @param durable whether it supports `durable-1`, so that it may be away while it works
   */
  async attach(token: string, address: string, durable = false): Promise<Job | null> {
    const [job] = await statements.attached.run(this.database.manager, [token, address, durable]);
    this.bell.ring('jobs');
    return job ?? null;
  }

  /** The executor runs no more: its slot is free. */
  async releaseSlot(uuid: string, exitCode: number | null): Promise<void> {
    const [job] = await statements.release.run(this.database.manager, [uuid, exitCode]);
    this.bell.ring('jobs');
    this.freed.ring();
    // Nobody has more of its output now than is stored.
    if (job) this.validators.ringOutput(job.validator_hotkey, uuid);
  }

  /**
   * Gives executors that an earlier miner process has started time to connect again. Those that support `durable-1`, and
   * whose end will be seen, need no such time: they may be away for as long as they run.
   * @param within seconds
   */
  async expectExecutors(within: number): Promise<void> {
    await this.database.manager.query(
      `update job set connect_by = greatest(connect_by, now() + make_interval(secs => $1))
       where ended_at is null and start_requested_at is not null and not (executor_durable and executor_handle is not null)`,
      [within],
    );
  }

  /** Whether a validator has jobs here that run, or whose end it was to be sent in the last minute and has not confirmed. */
  async hasUnreported(hotkey: string): Promise<boolean> {
    const rows = await this.database.manager.query<unknown[]>(
      `select 1 from job where validator_hotkey = $1 and status <> 'rejected'
         and (ended_at is null or settled_at is null and ended_at > now() - interval '1 minute') limit 1`,
      [hotkey],
    );
    return rows.length > 0;
  }

  /** The jobs whose executors may run. */
  holdingSlots(): Promise<Job[]> {
    return this.database.manager.query<Job[]>(`select ${jobColumns} from job where slot_held`);
  }

  /** Ends jobs for their validators: they have confirmed how the jobs ended, and nothing needs to be sent again. */
  async settle(tx: Transaction, jobs: Pick<Job, 'uuid' | 'validator_hotkey'>[]): Promise<void> {
    if (jobs.length === 0) return;
    const uuids = jobs.map(({ uuid }) => uuid);
    await statements.settle.run(tx.manager, [uuids]);
    tx.afterCommit(() => {
      for (const { uuid, validator_hotkey } of jobs) this.validators.forget(validator_hotkey, uuid);
    });
  }

  private async setHandles(started: Started[]): Promise<(Place | null)[]> {
    const rows = await statements.handles.run(this.database.manager, [
      started.map(({ token }) => token),
      started.map(({ handle }) => JSON.stringify(handle)),
    ]);
    this.bell.ring('jobs');
    const places = new Map(rows.map((row) => [row.token, row]));
    return started.map(({ token }) => places.get(token) ?? null);
  }

  private async putFailure(tx: Transaction, hotkey: string, failure: Failure): Promise<FreshFrame> {
    const { type, frame } = await failureFrame(tx, failure);
    return this.outbox.putFrame(tx, hotkey, failure.job_uuid, type, frame);
  }
}

/** The statuses that a job may come from. */
const before = (to: JobStatus): JobStatus[] => JobStatus.filter((from) => mayFollow(from, to));
