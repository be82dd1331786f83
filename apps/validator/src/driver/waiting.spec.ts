import { randomUUID } from 'node:crypto';
import { Keypair } from '@horde/identity';
import { AcceptJob, DeclineJob, ExecutorReady, JobProgress, JobWait, make } from '@horde/protocol';
import type { Connection } from '@horde/transport';
import { describe, expect, it } from 'vitest';
import { send, wholeJob } from '@horde/testing/validator-miner/miner-script';
import type { ScriptedMiner } from '@horde/testing/validator-miner/scripted-miner';
import { newJob } from '@horde/testing/facilitator-validator/scripted-facilitator';
import { Blacklist } from '../blacklist/blacklist.ts';
import { JobBell } from '../jobs/job-bell.ts';
import { MinerDirectory } from '../routing/miner-directory.ts';
import { Subnet } from '../testing/subnet.ts';

const subnet = new Subnet(1);
const miner = () => subnet.miners[0]!;

/** Accepts jobs, and ends each when it is told to. */
class HeldJobs {
  readonly names: string[] = [];
  private readonly held = new Map<string, () => Promise<void>>();

  constructor(at: ScriptedMiner) {
    at.script = {
      onInitial: async (request, connection) => {
        const { job_uuid } = request;
        if (!this.names.includes(job_uuid)) this.names.push(job_uuid);
        this.held.set(job_uuid, () => send(connection, make(ExecutorReady, { job_uuid })));
        await send(connection, make(AcceptJob, { job_uuid }));
      },
      onJob: wholeJob.onJob,
    };
  }

  async end(): Promise<void> {
    await expect.poll(() => this.held.size).toBeGreaterThan(0);
    const [[uuid, end]] = [...this.held] as [[string, () => Promise<void>]];
    this.held.delete(uuid);
    await end();
  }
}

const busy = 'All executors of class always_on.test are busy: 1 of 1 miner.';
const waiting = () =>
  subnet.place.query<{ waits_for: string; seconds: number }>(
    `select waits_for, extract(epoch from waits_until - waits_since)::int as seconds from job
     where waits_since is not null order by received_at`,
  );

describe('a user who sends the next job the moment the last has completed', () => {
  it('is never rejected by a miner that says at first that it is busy', async () => {
    const jobs = 4;
    let isFreeing = false;
    let declines = 0;
    const decline = (job_uuid: string, connection: Connection) => {
      isFreeing = false;
      declines++;
      return send(connection, make(DeclineJob, { job_uuid, reason: 'busy', message: 'Busy.' }));
    };
    miner().script = {
      onInitial: (request, connection) =>
        isFreeing ? decline(request.job_uuid, connection) : wholeJob.onInitial(request, connection),
      onJob: async (request, connection) => {
        isFreeing = true;
        await wholeJob.onJob(request, connection);
      },
    };
    await subnet.start();
    for (let job = 0; job < jobs; job++) {
      const uuid = await subnet.send();
      const { status } = await subnet.facilitator.updates.first(
        (update) => update.uuid === uuid && ['completed', 'rejected', 'failed'].includes(update.status),
        0,
        25_000,
      );
      expect(status).toBe('completed');
    }
    expect(declines).toBe(jobs - 1);
  }, 120_000);
});

it('the newest of each transfer is passed on to the facilitator that sent the job', async () => {
  const steps = 100;
  const tell = (connection: Connection, job_uuid: string, done: number, name = 'alpine') =>
    send(connection, make(JobProgress, { job_uuid, stage: 'pull', name, done, total: steps }));
  miner().script = {
    onInitial: async ({ job_uuid }, connection) => {
      await send(connection, make(AcceptJob, { job_uuid }));
      await tell(connection, 'no job of this miner', 1);
      for (let done = 1; done <= steps; done++) await tell(connection, job_uuid, done);
      await tell(connection, job_uuid, 1, 'another');
    },
  };
  const { progress } = await subnet.facilitatorThatSpeaks('progress-1');
  await subnet.start();
  const job_uuid = await subnet.send();
  const of = (name: string, done: number) =>
    make(JobProgress, { job_uuid, stage: 'pull', name, done, total: steps });
  await progress.first((told) => 'name' in told && told.name === 'another');
  const told = progress.items.filter((one) => 'name' in one && one.name === 'alpine');
  expect(told.at(-1)).toEqual(of('alpine', steps));
  expect(told.length).toBeLessThan(steps);
  expect(progress.items.at(-1)).toEqual(of('another', 1));
});

describe('a job that all miners are too busy for', () => {
  it('waits, tells for what and until when at most, and is driven as soon as there is room', async () => {
    const held = new HeldJobs(miner());
    const { progress } = await subnet.facilitatorThatSpeaks('progress-1');
    await subnet.start();
    const first = await subnet.send();
    await subnet.facilitator.update(first, 'accepted');
    const second = await subnet.send();
    await expect.poll(waiting).toEqual([{ waits_for: busy, seconds: 30 }]);
    expect(await subnet.place.query('select driver from job where uuid = $1', [second])).toEqual([
      { driver: null },
    ]);
    // The first may have waited for a moment, too.
    const ofSecond = (one: JobProgress | JobWait): one is JobWait =>
      one.message_type === 'V0JobWait' && one.job_uuid === second;
    const { since, until, waits_for } = await progress.first(ofSecond);
    expect(waits_for).toBe(busy);
    expect(Math.round((Date.parse(until!) - Date.parse(since!)) / 1000)).toBe(30);
    await held.end();
    await held.end();
    await subnet.facilitator.update(second, 'completed');
    expect(await waiting()).toEqual([]);
    const over = make(JobWait, { job_uuid: second });
    await expect.poll(() => progress.items.filter(ofSecond).at(-1)).toEqual(over);
  });

  it('is looked at again when a miner is taken off the blacklist, and when one offers more', async () => {
    const validator = await subnet.start();
    let rings = 0;
    validator.get(JobBell).on(() => rings++);
    const ringsUpon = async (news: () => Promise<unknown>) => {
      const before = rings;
      await expect.poll(() => news().then(() => rings)).toBeGreaterThan(before);
    };
    await ringsUpon(() => validator.get(Blacklist).remove(miner().keypair.address, null));
    miner().manifest = [['always_on.test', 2]];
    // The look that is under way at the start has asked before.
    await ringsUpon(() => validator.get(MinerDirectory).refreshManifests());
  });

  it('is rejected when it has waited long enough, with who could not have it and why', async () => {
    const held = new HeldJobs(miner());
    await subnet.start({ JOB_WAIT_LIMIT: '1' });
    await subnet.facilitator.update(await subnet.send(), 'accepted');
    const { metadata } = await subnet.facilitator.update(await subnet.send(), 'rejected');
    const { context, message, ...rest } = metadata!.job_rejection_details!;
    expect(rest).toEqual({ rejected_by: 'validator', reason: 'no_miner_for_job' });
    expect(message).toContain('All executors of class always_on.test are busy');
    const [candidate] = context!.get('candidates') as [Map<string, string>];
    expect(candidate.get('hotkey')).toBe(miner().keypair.address);
    expect(candidate.get('why')).toContain('busy');
    expect(held.names).toHaveLength(1);
  });

  it('waits for the next validator when this one is stopped', async () => {
    const held = new HeldJobs(miner());
    const first = await subnet.start();
    const running = await subnet.send();
    await subnet.facilitator.update(running, 'accepted');
    const uuid = await subnet.send();
    await expect.poll(waiting).toHaveLength(1);
    await first.close();
    await subnet.start();
    await expect.poll(() => miner().initial(running)).toHaveLength(2);
    await held.end();
    await held.end();
    await subnet.facilitator.update(uuid, 'completed', 20_000);
  }, 60_000);

  it('has its turn: signatories take turns, each one’s jobs in the order of their arrival', async () => {
    const held = new HeldJobs(miner());
    await subnet.start({ JOB_WAIT_LIMIT: '60' });
    const [greedy, modest] = [Keypair.generate(), Keypair.generate()];
    for (const { address } of [greedy, modest])
      await subnet.place.query('insert into whitelisted_hotkey (hotkey) values ($1)', [address]);
    const running = await subnet.send({}, greedy);
    await subnet.facilitator.update(running, 'accepted');
    const rest: string[] = [];
    for (const signer of [greedy, greedy, modest, modest]) rest.push(await subnet.send({}, signer));
    await expect.poll(waiting).toHaveLength(4);
    for (let jobs = 0; jobs < 5; jobs++) await held.end();
    await Promise.all(rest.map((uuid) => subnet.facilitator.update(uuid, 'completed', 20_000)));
    const [g2, g3, m1, m2] = rest;
    expect(held.names).toEqual([running, m1, g2, m2, g3]);
  }, 60_000);
});

describe('a miner that says that it is busy, although it has room by our receipts', () => {
  it('is asked again while the wait lasts; then its own reason is the job’s', async () => {
    miner().script = {
      onInitial: ({ job_uuid }, connection) =>
        send(connection, make(DeclineJob, { job_uuid, reason: 'busy', message: 'All 1 are busy.' })),
    };
    await subnet.start();
    const uuid = await subnet.send();
    const asked = () => miner().all('V0InitialJobRequest');
    await expect.poll(() => asked().length).toBeGreaterThan(1);
    // It has waited long enough.
    await subnet.place.query('update job set waits_until = received_at where uuid = $1', [uuid]);
    const { metadata } = await subnet.facilitator.update(uuid, 'rejected');
    expect(metadata!.job_rejection_details).toMatchObject({
      rejected_by: 'miner',
      reason: 'busy',
      message: 'All 1 are busy.',
    });
    expect(new Set(asked().map(({ job_uuid }) => job_uuid)).size).toBe(asked().length);
  });
});

it('a miner that is not there for a moment costs no job', async () => {
  miner().script = wholeJob;
  await subnet.start();
  await miner().stop();
  const uuid = await subnet.send();
  await expect
    .poll(() => subnet.place.query('select outcome from attempt where job_uuid = $1', [uuid]))
    .toContainEqual({ outcome: 'unreachable' });
  await miner().start();
  await subnet.facilitator.update(uuid, 'completed', 20_000);
}, 60_000);

it('a job that the database can never give to a miner ends, and keeps no other from its turn', async () => {
  miner().script = wholeJob;
  await subnet.start();
  const broken = randomUUID();
  await subnet.place.query(
    `alter table attempt add constraint never check (job_uuid <> '${broken}') not valid`,
  );
  await subnet.facilitator.send(newJob(broken, subnet.place.keypair));
  await subnet.facilitator.update(broken, 'received');
  await subnet.facilitator.update(await subnet.send(), 'completed');
  const { metadata } = await subnet.facilitator.update(broken, 'failed', 25_000);
  expect(metadata!.horde_failure_details).toMatchObject({
    reported_by: 'validator',
    reason: 'unhandled_exception',
  });
}, 60_000);

it('what cannot change is not waited for', async () => {
  await subnet.start();
  const { metadata } = await subnet.facilitator.update(
    await subnet.send({ executor_class: 'always_on.llm.a6000' }),
    'rejected',
  );
  expect(metadata!.job_rejection_details!.message).toContain('None of the 1 known miners offers');
});
