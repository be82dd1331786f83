import { randomUUID } from 'node:crypto';
import { Database, openDatabase, Outbox, OutboxRow } from '@horde/database';
import { Keypair } from '@horde/identity';
import { writeFrame } from '@horde/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase } from '@horde/testing/database';
import { newJob } from '@horde/testing/facilitator-validator/scripted-facilitator';
import { databaseOptions } from '../database.ts';
import { Jobs } from './jobs.ts';
import { StatusUpdates } from './status-updates.ts';

let database: Database;
let outbox: Outbox;
let jobs: Jobs;

beforeAll(async () => {
  const options = databaseOptions(await createTestDatabase());
  database = new Database(await openDatabase({ ...options, entities: [...options.entities, OutboxRow] }));
  outbox = new Outbox(database);
  jobs = new Jobs(database, new StatusUpdates(outbox), { ring: () => {} } as never);
});

afterAll(() => database.dataSource.destroy());

const user = Keypair.generate();
const received = async (named: string = randomUUID()) => {
  const job = newJob(named, user);
  await jobs.receive({ ...job, facilitator: 'ws://f' }, writeFrame(job), {
    wanted: job,
    waitLimit: 30,
    signedDigest: job.uuid,
  });
  // A miner was chosen.
  await database.manager.query('update job set waits_since = null where uuid = $1', [job.uuid]);
  return job.uuid;
};
const claim = (uuid: string) => ({ uuid, driver: randomUUID() });
const accepted = { status: 'accepted' as const, metadata: null };
const completed = { status: 'completed' as const, metadata: null };
const nothingElse = async () => undefined;
const statuses = async (uuid: string) =>
  (
    (await database.manager.query('select status from job_event where job_uuid = $1 order by id', [
      uuid,
    ])) as { status: string }[]
  ).map(({ status }) => status);

it('what is told of a job with a UUID in capitals is handed over as it is read', async () => {
  const told: unknown[] = [];
  const end = outbox.onRing('ws://f', (messages) => void told.push(...(messages ?? [])));
  const uuid = await received(randomUUID().toUpperCase());
  end();
  const subject = uuid.toLowerCase();
  const stored = (await outbox.waiting('ws://f')).filter((row) => row.subject === subject);
  expect(told).toEqual(stored.map(({ id, type, frame }) => ({ id, subject, type, frame, after: null })));
  expect(told).toHaveLength(1);
});

describe('a job that two runs want', () => {
  it('is given to exactly one', async () => {
    const uuid = await received();
    const taken = await Promise.all([1, 2, 3, 4].map(() => jobs.take(claim(uuid), 10_000)));
    expect(taken.filter((job) => job !== null)).toHaveLength(1);
  });

  it('can no longer be changed by the one that lost it', async () => {
    const uuid = await received();
    const [first, second] = [claim(uuid), claim(uuid)];
    await jobs.take(first, -1);
    expect(await jobs.take(second, 10_000)).not.toBeNull();
    expect([...(await jobs.renew([first.driver, second.driver], 10_000)).keys()]).toEqual([second.driver]);
    expect(await jobs.advance(first, [completed], nothingElse)).toBe(false);
    expect(await jobs.advance(second, [accepted], nothingElse)).toBe(true);
    expect(await statuses(uuid)).toEqual(['received', 'accepted']);
  });

  it('is free again as soon as its run gives it back', async () => {
    const uuid = await received();
    const first = claim(uuid);
    await jobs.take(first, 10_000);
    expect((await jobs.untaken(1_000)).uuids).not.toContain(uuid);
    await jobs.release([first.driver]);
    expect((await jobs.untaken(1_000)).uuids).toContain(uuid);
  });
});

describe('a job that has ended', () => {
  it('never changes again, and is not driven', async () => {
    const uuid = await received();
    const first = claim(uuid);
    await jobs.take(first, 10_000);
    expect(await jobs.advance(first, [accepted, completed], nothingElse)).toBe(true);
    expect(await jobs.advance(first, [{ status: 'failed', metadata: null }], nothingElse)).toBe(false);
    expect(await jobs.take(claim(uuid), 10_000)).toBeNull();
    expect(await statuses(uuid)).toEqual(['received', 'accepted', 'completed']);
  });
});

describe('a step that fails half-way', () => {
  it('leaves no trace: neither status, nor history, nor a message to the facilitator', async () => {
    const uuid = await received();
    const first = claim(uuid);
    await jobs.take(first, 10_000);
    const broken = async () => {
      throw new Error('the receipt cannot be stored');
    };
    await expect(jobs.advance(first, [accepted], broken)).rejects.toThrow('the receipt');
    expect(await statuses(uuid)).toEqual(['received']);
    expect(
      await database.manager.query('select subject from outbox where subject = $1', [uuid]),
    ).toHaveLength(1);
  });
});
