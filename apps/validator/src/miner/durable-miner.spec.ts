import { randomUUID } from 'node:crypto';
import { AcceptJob, ExecutionDone, ExecutorReady, JobOutput, make, VolumesReady } from '@horde/protocol';
import type { Extension } from '@horde/transport';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { ValidatorMessage } from '@horde/testing/validator-miner/scripted-miner';
import { DurableMiner } from '@horde/testing/validator-miner/durable-miner';
import { ServiceBundle } from '@horde/testing/service-bundle';
import { finished } from '@horde/testing/validator-miner/miner-script';
import { LiveOutput } from '../driver/live-output.ts';
import { Scene } from '../testing/scene.ts';

const scene = new Scene();
const allStatuses = [
  'received',
  'accepted',
  'executor_ready',
  'volumes_ready',
  'execution_done',
  'completed',
];
const everythingSaid = [
  [1, 'V0InitialJobRequest'],
  [2, 'V0JobAcceptedReceiptRequest'],
  [3, 'V0JobRequest'],
  [5, 'V0JobFinishedReceiptRequest'],
];
const strict = {
  DYNAMIC_EXECUTOR_STARTUP_TIME_LIMIT: '0',
  DYNAMIC_ORGANIC_JOB_ALLOWED_LEEWAY_TIME: '4',
};

let miner: DurableMiner;
let uuid: string;

beforeEach(async () => {
  miner = new DurableMiner();
  await miner.start();
});

afterEach(() => miner.stop());

const came = (type: ValidatorMessage['message_type'], limit?: number) =>
  miner.taken.first(({ message }) => message.message_type === type, 0, limit);

/** Answers each message as a miner with a quick executor would. */
const wholeJob = (message: ValidatorMessage) => {
  if (message.message_type === 'V0InitialJobRequest')
    miner.send(
      message.job_uuid,
      make(AcceptJob, { job_uuid: message.job_uuid }),
      make(ExecutorReady, { job_uuid: message.job_uuid }),
    );
  if (message.message_type === 'V0JobRequest') {
    const { job_uuid } = message;
    miner.send(
      job_uuid,
      make(VolumesReady, { job_uuid }),
      make(ExecutionDone, { job_uuid }),
      finished(job_uuid),
    );
  }
};

/** As far as the job's request, and the files being in place. */
const halfJob = (message: ValidatorMessage) => {
  if (message.message_type !== 'V0JobRequest') return wholeJob(message);
  miner.send(message.job_uuid, make(VolumesReady, { job_uuid: message.job_uuid }));
};

const running = async (settings: Record<string, string> = {}, fields = {}) => {
  miner.onTaken = halfJob;
  const validator = await scene.start({ ...miner.settings, ...settings });
  uuid = await scene.send(fields);
  await scene.facilitator.update(uuid, 'volumes_ready');
  return validator;
};

describe('with a durable miner', () => {
  it('each message bears its number, and both sides are left with nothing to say', async () => {
    miner.onTaken = wholeJob;
    await scene.start(miner.settings);
    uuid = await scene.send();
    await scene.facilitator.update(uuid, 'completed');
    await came('V0JobFinishedReceiptRequest');
    expect(miner.types).toEqual(everythingSaid);
    expect(scene.facilitator.statuses(uuid)).toEqual(allStatuses);
    expect(miner.resumes.items).toEqual([]);
    await expect.poll(() => miner.waiting).toBe(0);
    await expect.poll(() => scene.waiting(uuid)).toBe(0);
  });

  it('a report is acknowledged only once it is committed', async () => {
    let stored: { status: string; miner_number: string }[] = [];
    miner.onTaken = (message) => {
      if (message.message_type === 'V0InitialJobRequest')
        miner.send(message.job_uuid, make(AcceptJob, { job_uuid: message.job_uuid }));
    };
    await scene.start(miner.settings);
    uuid = await scene.send();
    const number = await miner.acknowledged.first(() => true);
    stored = await scene.place.query(
      'select status, miner_number from job join attempt on job_uuid = job.uuid where job_uuid = $1',
      [uuid],
    );
    expect(stored).toEqual([{ status: 'accepted', miner_number: String(number) }]);
  });

  it.each(['V0InitialJobRequest', 'V0JobAcceptedReceiptRequest', 'V0JobRequest'] as const)(
    'the connection is cut before it has committed a %s: it hears that, and what follows, once',
    async (type) => {
      let cuts = 0;
      miner.beforeCommit = (message) => {
        if (message.message_type !== type || cuts++ > 0) return;
        miner.cut();
        throw new Error('cut');
      };
      miner.onTaken = wholeJob;
      await scene.start(miner.settings);
      uuid = await scene.send();
      await scene.facilitator.update(uuid, 'completed');
      await came('V0JobFinishedReceiptRequest');
      expect(miner.types).toEqual(everythingSaid);
      expect(scene.facilitator.statuses(uuid)).toEqual(allStatuses);
    },
  );

  it.each(['V0InitialJobRequest', 'V0JobAcceptedReceiptRequest', 'V0JobRequest'] as const)(
    'the connection is cut after it has committed a %s: it does not hear that again',
    async (type) => {
      const heard: string[] = [];
      miner.beforeCommit = (message) => void heard.push(message.message_type);
      miner.onTaken = (message) => {
        if (message.message_type === type) miner.cut();
        wholeJob(message);
      };
      await scene.start(miner.settings);
      uuid = await scene.send();
      await scene.facilitator.update(uuid, 'completed');
      await came('V0JobFinishedReceiptRequest');
      expect(miner.types).toEqual(everythingSaid);
      expect(heard.filter((one) => one === type)).toHaveLength(1);
      expect(miner.resumes.items.length).toBeGreaterThan(0);
    },
  );

  it('the validator is away while the job ends: the next one hears what it has missed, and asks for nothing again', async () => {
    const first = await running();
    await first.close();
    const [{ number }] = (await scene.place.query<{ number: number }>(
      'select miner_number::int as number from attempt where uuid = $1',
      [uuid],
    )) as [{ number: number }];
    miner.send(uuid, make(ExecutionDone, { job_uuid: uuid }), finished(uuid));
    await scene.start(miner.settings);
    await scene.facilitator.update(uuid, 'completed');
    await came('V0JobFinishedReceiptRequest');
    expect(miner.resumes.items).toEqual([number]);
    expect(miner.types).toEqual(everythingSaid);
    expect([...new Set(scene.facilitator.statuses(uuid))]).toEqual(allStatuses);
  });

  it('the validator is killed while a job runs: one that waited beside it takes the job and the facilitator over', async () => {
    const bundle = await ServiceBundle.build('validator');
    onTestFinished(() => bundle.remove());
    const killed = bundle.run(scene.place.environment({ ...scene.settings(), ...miner.settings }));
    onTestFinished(async () => void (await killed.kill('SIGKILL')));
    await scene.facilitator.logins.first(() => true, 0, 60_000);
    miner.onTaken = halfJob;
    uuid = await scene.send({ execution_time_limit: 60 });
    await scene.facilitator.update(uuid, 'volumes_ready', 20_000);
    await scene.start(miner.settings);
    expect(scene.facilitator.logins.items).toHaveLength(1);
    await killed.kill('SIGKILL');
    miner.send(uuid, make(ExecutionDone, { job_uuid: uuid }), finished(uuid));
    await scene.facilitator.update(uuid, 'completed', 25_000);
    expect(scene.facilitator.logins.items).toHaveLength(2);
    expect([...new Set(scene.facilitator.statuses(uuid))]).toEqual(allStatuses);
    await came('V0JobFinishedReceiptRequest');
    expect(miner.types).toEqual(everythingSaid);
    await expect.poll(() => miner.waiting).toBe(0);
  }, 120_000);

  it('the miner resumes the job without end: its connection is closed, nothing is kept, and the job goes on', async () => {
    const bundle = await ServiceBundle.build('validator');
    onTestFinished(() => bundle.remove());
    const validator = bundle.run(scene.place.environment({ ...scene.settings(), ...miner.settings }));
    onTestFinished(async () => void (await validator.kill('SIGKILL')));
    await scene.facilitator.logins.first(() => true, 0, 60_000);
    miner.onTaken = halfJob;
    uuid = await scene.send({ execution_time_limit: 60 });
    await scene.facilitator.update(uuid, 'volumes_ready', 20_000);
    const { now } = await validator.memory();
    const [connection] = miner.connections;
    // Once may be right; then the validator says again what the miner lacks.
    await miner.resumeAgain(uuid, 100_000);
    expect((await connection!.closed).code).toBe(1008);
    miner.send(uuid, make(ExecutionDone, { job_uuid: uuid }), finished(uuid));
    await scene.facilitator.update(uuid, 'completed', 25_000);
    expect((await validator.memory()).peak - now).toBeLessThan(60 * 1024 * 1024);
  }, 120_000);

  it('the receipt of the finished job is kept until it is acknowledged', async () => {
    let tries = 0;
    miner.onTaken = wholeJob;
    miner.beforeCommit = (message) => {
      if (message.message_type !== 'V0JobFinishedReceiptRequest') return;
      if (tries++ === 0) throw new Error('not stored');
    };
    await scene.start(miner.settings);
    uuid = await scene.send();
    await came('V0JobFinishedReceiptRequest');
    await expect.poll(() => scene.waiting(uuid)).toBe(0);
    expect(tries).toBe(2);
  });

  it('what it says of a job that it was not asked for is not acknowledged', async () => {
    await running();
    const other = miner.send(randomUUID(), make(VolumesReady, { job_uuid: uuid }));
    const own = miner.send(uuid, make(ExecutionDone, { job_uuid: uuid }));
    await miner.acknowledged.first((number) => number === own);
    expect(miner.acknowledged.items).not.toContain(other);
    expect(miner.connections).toHaveLength(1);
  });

  it('twenty jobs share a connection; when it is cut each goes on over the next one, and misses or hears nothing twice', async () => {
    miner.onTaken = halfJob;
    await scene.start(miner.settings);
    const uuids = [];
    for (let i = 0; i < 20; i++) uuids.push(await scene.send());
    for (const one of uuids) await scene.facilitator.update(one, 'volumes_ready');
    expect(miner.connections).toHaveLength(1);
    miner.cut();
    for (const job_uuid of uuids) miner.send(job_uuid, make(ExecutionDone, { job_uuid }), finished(job_uuid));
    for (const one of uuids) await scene.facilitator.update(one, 'completed');
    await expect.poll(() => miner.waiting).toBe(0);
    await expect.poll(() => miner.types.length).toBe(20 * everythingSaid.length);
    expect(miner.connections).toHaveLength(2);
    expect(miner.resumes.items).toHaveLength(20);
    for (const one of uuids) expect(scene.facilitator.statuses(one)).toEqual(allStatuses);
    // What comes next finds the connection open.
    miner.onTaken = wholeJob;
    uuid = await scene.send();
    await scene.facilitator.update(uuid, 'completed');
    expect(miner.connections).toHaveLength(2);
  });
});

describe("a running job's output", () => {
  it('is kept while the job runs', async () => {
    const validator = await running();
    const output = validator.get(LiveOutput);
    await miner.mention(make(JobOutput, { job_uuid: uuid, stream: 'stdout', offset: 0, text: 'so far\n' }));
    await miner.mention(make(JobOutput, { job_uuid: randomUUID(), stream: 'stdout', offset: 9, text: 'no' }));
    await expect.poll(() => output.tail(uuid, 'stdout')).toEqual([{ offset: 0, text: 'so far\n' }]);
    miner.send(uuid, finished(uuid));
    await came('V0JobFinishedReceiptRequest');
    await expect.poll(() => output.tail(uuid, 'stdout')).toEqual([]);
  });
});

describe('a job that the validator gives up', () => {
  const short = { download_time_limit: 0, execution_time_limit: 1, upload_time_limit: 0 };

  it('is cancelled at its miner, before its receipt', async () => {
    await running(strict, short);
    const { message } = await came('V0CancelJobRequest');
    expect(message).toMatchObject({ job_uuid: uuid, cancelled_by: 'the validator' });
    expect((message as { message: string }).message).toMatch(
      /did not report the end of the execution within/,
    );
    await came('V0JobFinishedReceiptRequest');
    expect(miner.types.slice(-2).map(([number]) => number)).toEqual([4, 5]);
    await expect.poll(() => scene.waiting(uuid)).toBe(0);
  });

  it('is cancelled when its miner is back', async () => {
    const first = await running(strict, short);
    await miner.stop();
    await scene.facilitator.update(uuid, 'failed');
    await first.close();
    await miner.start();
    await scene.start(miner.settings);
    await came('V0CancelJobRequest');
    await came('V0JobFinishedReceiptRequest');
    await expect.poll(() => scene.waiting(uuid)).toBe(0);
  });

  it.each<[string, Extension[]]>([
    ['that is durable', ['durable-1']],
    ['of the plain protocol', []],
  ])('is not cancelled at a miner %s and knows no cancelling', async (_kind, extensions) => {
    await miner.stop();
    miner = new DurableMiner(extensions);
    await miner.start();
    await scene.start({ ...miner.settings, DYNAMIC_EXECUTOR_RESERVATION_TIME_LIMIT: '1' });
    uuid = await scene.send();
    await came('V0JobFinishedReceiptRequest');
    expect(miner.taken.items.map(({ message }) => message.message_type)).not.toContain('V0CancelJobRequest');
    await expect.poll(() => scene.waiting(uuid)).toBe(0);
  });
});
