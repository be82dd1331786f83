import { Injectable } from '@nestjs/common';
import { steadyNow } from '@horde/async';
import {
  Database,
  FollowedStatement,
  PreparedStatement,
  type FollowingWrite,
  type StoredMessage,
  type Transaction,
} from '@horde/database';
import {
  errors,
  isTerminal,
  JobStatus,
  JobStatusUpdate,
  make,
  mayFollow,
  toJson,
  withoutNuls,
  writeCompact,
  writeFrame,
  type NewJob,
} from '@horde/protocol';
import { In } from 'typeorm';
import { JobBell } from './job-bell.ts';
import { JobEvent } from './job-event.entity.ts';
import { Job, jobColumns } from './job.entity.ts';
import { rejected, type Report } from './outcome.ts';
import { insertUpdates, StatusUpdates } from './status-updates.ts';
import { writeWanted, type Wanted } from './wanted.ts';

/** A signature may come under so many uuids: its user's own one, and five more. The uuid is not signed. */
const maxUses = 6;

/**
 * What is stored with a job's new statuses, as parts of the statement that stores these: `job` has its uuid and its facilitator.
 * Its parameters are what `said` returns.
 */
const storeSaid = (job: string, [statuses, metadata, frames]: [string, string, string]): string =>
  `noted as (
     insert into job_event (job_uuid, status, metadata)
     select uuid, said.status, metadata
     from ${job}, unnest(${statuses}::text[], ${metadata}::text[]) with ordinality as said (status, metadata, n) order by n
   ), told as (${insertUpdates(job, `${frames}::text[]`)})`;

/** Of the messages that `storeSaid` has put into the outbox, and of what was there about the same job. */
interface Told {
  /** The job's UUID as the database writes it: a facilitator may write it otherwise. */
  subject: string;
  ids: string[];
  after: string | null;
}
const told = (job: string): string =>
  `${job}.uuid::text as subject, array(select id::text from told order by id) as ids,
   (select max(id) from outbox where peer = ${job}.facilitator and subject = ${job}.uuid::text) as after`;

const receive = new PreparedStatement<Told>(
  `with received as (
     insert into job (uuid, request, executor_class, signatory, status, ended_at, wanted, waits_for, waits_since,
                      waits_until, look_at, facilitator, signed_digest)
     select $1::uuid, $2, $3, $4, $5, case when not waits then now() end, $7, case when waits then $8 end,
            case when waits then now() end, until, until, $9, $10
     from (select $6::float8 is not null as waits, now() + make_interval(secs => $6::float8) as until) wait
     on conflict do nothing returning uuid, facilitator
   ), ${storeSaid('received', ['$11', '$12', '$13'])}
   select ${told('received')} from received`,
);

const advance = new FollowedStatement<Told & { facilitator: string }>(
  (following) => `with advanced as (
     update job set status = $3,
       driver = case when $5 then null else driver end, lease_until = case when $5 then null else lease_until end,
       waits_for = case when $5 then null else waits_for end, waits_since = case when $5 then null else waits_since end,
       look_at = case when $5 then null else look_at end, ended_at = case when $5 then now() else ended_at end
     where uuid = $1 and driver is not distinct from $2::uuid and status = any($4)
     returning uuid, facilitator
   ), ${storeSaid('advanced', ['$6', '$7', '$8'])}${following}
   select facilitator, ${told('advanced')} from advanced`,
  'exists (select from advanced)',
);

const ofDriver = new PreparedStatement<Job>(
  `select ${jobColumns} from job where uuid = $1 and driver = $2 and ended_at is null`,
);

const lockSignature = new PreparedStatement('select pg_advisory_xact_lock(hashtextextended($1, 0))');
const usesOf = new PreparedStatement<{ uses: number }>(
  'select count(*)::int as uses from job where signed_digest = $1',
);

/** A run's claim to a job: what another run has taken over can no longer be changed with it. */
export interface Claim {
  uuid: string;
  driver: string;
}

/** What is kept of a job beside its frame. */
interface ReceivedJob extends Pick<NewJob, 'uuid' | 'signature'> {
  executor_class: string;
  /** Who gets the updates: the address of the facilitator that sent it, or `operator`. */
  facilitator: string;
}

/** A job that is to be given to a miner. */
interface Welcome {
  wanted: Wanted;
  /** How long it may wait for a miner. @unit seconds */
  waitLimit: number;
  /** What its user has signed, in few characters; null: it is the operator's own. */
  signedDigest: string | null;
}

/**
 * The jobs as they are stored. Every change of status is one transaction with its line in the history and the update
 * for the facilitator, and happens once.
 */
@Injectable()
export class Jobs {
  constructor(
    private readonly database: Database,
    private readonly updates: StatusUpdates,
    private readonly bell: JobBell,
  ) {}

  /**
   * Stores a job that arrived, as `received` or with its rejection.
   *
   * @param frame the facilitator's frame
   * @param fate what is to become of it
   * @returns false when the job is known already, and nothing was changed
   */
  receive(request: ReceivedJob, frame: string, fate: Welcome | Report): Promise<boolean> {
    return this.database.transaction((tx) => this.receiveIn(tx, request, frame, fate));
  }

  /** As `receive`, in a transaction. */
  async receiveIn(
    tx: Transaction,
    request: ReceivedJob,
    frame: string,
    fate: Welcome | Report,
  ): Promise<boolean> {
    const { uuid, executor_class, signature, facilitator } = request;
    const isUsedUp = !('status' in fate) && (await this.isUsedUp(tx, fate.signedDigest));
    const welcome = 'status' in fate || isUsedUp ? null : fate;
    const rejection = isUsedUp ? rejected(errors.SIGNATURE_USED_UP(maxUses)) : null;
    const report: Report = rejection ?? ('status' in fate ? fate : { status: 'received', metadata: null });
    const updates = updatesOf(uuid, [report]);
    const [statuses, metadata, frames] = said(updates);
    const [received] = await receive.run(tx.manager, [
      uuid,
      frame,
      executor_class,
      withoutNuls(signature?.signatory ?? null),
      report.status,
      welcome?.waitLimit ?? null,
      welcome ? writeWanted(welcome.wanted) : '{}',
      'The job waits for its turn to be given to a miner.',
      facilitator,
      welcome?.signedDigest ?? null,
      statuses,
      metadata,
      frames,
    ]);
    if (!received) return false;
    this.updates.stored(tx, facilitator, updates, messagesOf(frames, received));
    if (welcome) this.bell.ring(tx);
    return true;
  }

  /**
   * Claims a job that a miner has, and that nobody drives.
   *
   * @param lease how long the claim holds without being renewed. @unit ms
   * @returns null when it has ended, or another run drives it
   */
  async take({ uuid, driver }: Claim, lease: number): Promise<Job | null> {
    const [[job]] = await this.database.manager.query<[[Job?], number]>(
      `update job set driver = $2, lease_until = now() + make_interval(secs => $3)
       where uuid = $1 and ended_at is null and waits_since is null and (lease_until is null or lease_until < now())
       returning ${jobColumns}`,
      [uuid, driver, lease / 1000],
    );
    return job ?? null;
  }

  /** A job that this run has claimed; null when the claim is lost. */
  async claimed({ uuid, driver }: Claim): Promise<Job | null> {
    const [job] = await ofDriver.run(this.database.manager, [uuid, driver]);
    return job ?? null;
  }

  /** Renews the claims of these runs. Returns those that still hold, with who has cancelled their jobs. */
  async renew(drivers: string[], lease: number): Promise<Map<string, string | null>> {
    const [rows] = (await this.database.manager.query(
      `update job set lease_until = now() + make_interval(secs => $2) where driver = any($1) returning driver, cancelled_by`,
      [drivers, lease / 1000],
    )) as [{ driver: string; cancelled_by: string | null }[], number];
    return new Map(rows.map(({ driver, cancelled_by }) => [driver, cancelled_by]));
  }

  /** Gives the claims of these runs back, so that another process can go on at once. */
  async release(drivers: string[]): Promise<void> {
    await this.database.manager.update(Job, { driver: In(drivers) }, { driver: null, lease_until: null });
  }

  /** Jobs that a miner has, and that nobody drives, oldest first; and whether any job waits for a miner. */
  async untaken(most: number): Promise<{ uuids: string[]; isAnyWaiting: boolean }> {
    const [found] = await this.database.manager.query<[{ uuids: string[]; isAnyWaiting: boolean }]>(
      `select exists (select from job where waits_since is not null) as "isAnyWaiting", array(
         select uuid from job
         where ended_at is null and waits_since is null and (lease_until is null or lease_until < now())
         order by received_at limit $1
       ) as uuids`,
      [most],
    );
    return found;
  }

  /**
   * Takes a job through these statuses, in order, and makes what follows of it in the same statement.
   *
   * @returns false when the claim is lost or the job is no longer where these statuses can follow; nothing was changed
   */
  step(claim: Claim, reports: Report[], following: readonly FollowingWrite[]): Promise<boolean> {
    return this.database.single((tx) => this.advanceIn(tx, claim, reports, following));
  }

  /**
   * As `step`, and stores what belongs to it in the same transaction.
   *
   * @returns false when the claim is lost or the job is no longer where these statuses can follow; nothing was changed
   */
  async advance(
    { uuid, driver }: Claim,
    reports: Report[],
    alsoStore: (tx: Transaction) => Promise<void>,
  ): Promise<boolean> {
    return this.database.transaction(async (tx) => {
      if (!(await this.advanceIn(tx, { uuid, driver }, reports))) return false;
      await alsoStore(tx);
      return true;
    });
  }

  /** As `advance`, in a transaction. @param driver null: nobody drives the job */
  async advanceIn(
    tx: Transaction,
    { uuid, driver }: { uuid: string; driver: string | null },
    reports: Report[],
    following: readonly FollowingWrite[] = [],
  ): Promise<boolean> {
    const { status } = reports.at(-1)!;
    const from = JobStatus.filter((candidate) => mayFollow(candidate, reports[0]!.status));
    const updates = updatesOf(uuid, reports);
    const [statuses, metadata, frames] = said(updates);
    const values = [uuid, driver, status, from, isTerminal(status), statuses, metadata, frames];
    const [advanced] = await advance.run(tx.manager, values, following);
    if (advanced) this.updates.stored(tx, advanced.facilitator, updates, messagesOf(frames, advanced));
    return advanced !== undefined;
  }

  /** Who has cancelled a job; null: nobody. */
  async cancelledBy(uuid: string): Promise<string | null> {
    const job = await this.database.manager.findOne(Job, { select: { cancelled_by: true }, where: { uuid } });
    return job?.cancelled_by ?? null;
  }

  /** When a job has had a status; null: it has not. @unit ms since 1970 */
  async statusAt(uuid: string, status: JobStatus): Promise<number | null> {
    const event = await this.database.manager.findOneBy(JobEvent, { job_uuid: uuid, status });
    return event?.at.getTime() ?? null;
  }

  /** When the job's newest status was recorded. @unit ms since 1970 */
  async lastEventAt(uuid: string): Promise<number> {
    const event = await this.database.manager.findOne(JobEvent, {
      where: { job_uuid: uuid },
      order: { id: 'desc' },
    });
    return event?.at.getTime() ?? steadyNow();
  }

  /** Whether a signature has been used for as many jobs as it may. One transaction at a time looks. */
  private async isUsedUp(tx: Transaction, signedDigest: string | null): Promise<boolean> {
    if (signedDigest === null) return false;
    await lockSignature.run(tx.manager, [`validator: signature ${signedDigest}`]);
    const [used] = await usesOf.run(tx.manager, [signedDigest]);
    return used!.uses >= maxUses;
  }
}

const updatesOf = (uuid: string, reports: Report[]): JobStatusUpdate[] =>
  reports.map(({ status, metadata }) => make(JobStatusUpdate, { uuid, status, metadata }));

/** What is in the outbox of updates with these frames. */
const messagesOf = (frames: string[], { subject, ids, after }: Told): StoredMessage[] =>
  ids.map((id, at) => ({
    id,
    subject,
    type: 'V0JobStatusUpdate',
    frame: frames[at]!,
    after: at === 0 ? after : ids[at - 1]!,
  }));

/** The statuses, what came with them, and the frames for the job's facilitator, each in their order. */
const said = (updates: JobStatusUpdate[]): [string[], (string | null)[], string[]] => [
  updates.map(({ status }) => status),
  updates.map(({ metadata }) => metadata && writeCompact(toJson(metadata))),
  updates.map((update) => writeFrame(update)),
];
