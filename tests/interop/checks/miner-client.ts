import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { RecordingManager } from '@horde/testing/recording-manager';
import { openFaultProxy } from '@horde/testing/fault-proxy';
import { MinerUnderTest } from '../../../apps/miner/src/testing/miner.ts';
import { executorFrames, playExecutor } from '../../recorded/recorded-executor.ts';
import type { Generation } from '../environment.ts';
import type { Peer } from '../peer.ts';
import { seeds, validator } from './signers.ts';

/** How a job ended for the packages' client. */
interface Ran {
  result: {
    stdout: string;
    stderr: string;
    artifacts: Record<string, string>;
    upload_results: Record<string, string>;
  } | null;
  failure: {
    error: string;
    says: string;
    // oxlint-disable-next-line typescript/no-explicit-any -- a message of any kind
    message: Record<string, any> | null;
  } | null;
  told: string[];
  errors: string[];
  receipts: string[];
}

/** What a failure is called by each generation. */
const names = {
  old: { declined: 'OrganicJobError', job: 'OrganicJobError', horde: 'OrganicJobError' },
  new: { declined: 'MinerRejectedJob', job: 'MinerReportedJobFailed', horde: 'MinerReportedHordeFailed' },
} as const;

const executorClass = 'always_on.llm.a6000';
const allReceipts = ['JobStartedReceipt', 'JobAcceptedReceipt', 'JobFinishedReceipt'];
/** How many jobs fit in. */
const capacity = 2;

/** The packages' client of miners against our miner, whose executors are ComputeHorde's recorded ones. */
export function minerClientChecks(generation: Generation, peer: Peer): void {
  let miner: MinerUnderTest;

  beforeAll(async () => {
    miner = await MinerUnderTest.start(new RecordingManager({ [executorClass]: capacity }));
    await miner.query(
      'insert into validator (hotkey, active, debug) values ($1, true, true)',
      validator.address,
    );
  });
  afterAll(() => miner?.close());

  const address = () => ({ hotkey: miner.hotkey, port: Number(new URL(miner.url).port) });
  const run = (uuid: string, more: object = {}, miner: object = address()) =>
    peer.ask<Ran>('run_miner_job', {
      seed: seeds.validator,
      miner,
      job: {
        uuid,
        executor_class: executorClass,
        docker_image: 'example/image:1',
        docker_run_cmd: ['sh', '-c', 'echo "é 😀"'],
        ...more,
      },
    });
  /** Plays the executor of a job, once it is started, and ends it. */
  const executor = async (uuid: string, scenario: string, before?: (type: string) => Promise<void>) => {
    const token = await miner.manager.token(uuid);
    const played = await playExecutor(scenario, { url: miner.url, token, job: uuid }, before);
    miner.manager.exit(token, 0);
    return played;
  };
  const recorded = (scenario: string) =>
    executorFrames(scenario).at(-1)!.says as Record<string, string> & { artifacts: object };
  const settled = (uuid: string) =>
    expect
      .poll(() =>
        miner.query('select status, settled_at is not null as settled from job where uuid = $1', uuid),
      )
      .toMatchObject([{ settled: true }]);

  it('runs a whole job, and hands its three receipts over', async () => {
    const uuid = randomUUID();
    const [ran, { heard }] = await Promise.all([run(uuid), executor(uuid, 'hello')]);
    const { docker_process_stdout: stdout, docker_process_stderr: stderr, artifacts } = recorded('hello');
    expect(ran).toEqual({
      result: { stdout, stderr, artifacts, upload_results: {} },
      failure: null,
      told: ['accepted', 'executor_ready', 'volumes_ready', 'execution_done'],
      errors: [],
      receipts: allReceipts,
    });
    expect(heard[1]).toMatchObject({ job_uuid: uuid, docker_run_cmd: ['sh', '-c', 'echo "é 😀"'] });
    await settled(uuid);
  });

  it('is told where a streaming job listens, under a signature that it can verify', async () => {
    const uuid = randomUUID();
    const streaming_key = 'PEM\n';
    const [ran, { heard }] = await Promise.all([run(uuid, { streaming_key }), executor(uuid, 'streaming')]);
    expect(ran).toMatchObject({ failure: null, errors: [] });
    expect(ran.told).toEqual([
      'accepted',
      'executor_ready',
      'volumes_ready',
      'streaming_ready',
      'execution_done',
    ]);
    expect(heard[0]).toMatchObject({
      streaming_details: { public_key: streaming_key, executor_ip: '127.0.0.1' },
    });
  });

  it('learns that the job failed, with what it printed', async () => {
    const uuid = randomUUID();
    const [ran] = await Promise.all([run(uuid), executor(uuid, 'nonzero_exit')]);
    const frame = recorded('nonzero_exit');
    expect(ran.failure!.error).toBe(names[generation].job);
    expect(ran.failure!.message).toMatchObject({
      message_type: 'V0JobFailedRequest',
      docker_process_exit_status: frame['docker_process_exit_status'],
      docker_process_stdout: frame['docker_process_stdout'] ?? (generation === 'old' ? '' : null),
    });
    expect(ran.told).toEqual(['accepted', 'executor_ready', 'volumes_ready']);
    expect(ran.receipts).toEqual(allReceipts);
    await settled(uuid);
  });

  it('learns that the executor could not run the job', async () => {
    const uuid = randomUUID();
    const [ran] = await Promise.all([run(uuid), executor(uuid, 'image_missing')]);
    expect(ran.failure!.error).toBe(names[generation].horde);
    expect(ran.failure!.message!['message_type']).toBe(
      generation === 'old' ? 'V0ExecutorFailedRequest' : 'V0HordeFailedRequest',
    );
    expect(ran.told).toEqual(['accepted']);
    await settled(uuid);
  });

  it('is declined when all are busy, with receipts that verify', async () => {
    const other = await miner.validator();
    const busy: string[] = [];
    const release = Promise.withResolvers<void>();
    for (let taken = 0; taken < capacity; taken++) {
      const { connection, job_uuid } = await other.accepted({ executor_class: executorClass });
      busy.push(job_uuid);
      void executor(job_uuid, 'image_missing', () => release.promise);
      onTestFinished(() => void connection.close());
    }
    const uuid = randomUUID();
    const ran = await run(uuid);
    release.resolve();
    const { error, message } = ran.failure!;
    expect(error).toBe(names[generation].declined);
    expect(message).toMatchObject({ message_type: 'V0DeclineJobRequest', reason: 'busy' });
    const receipts = message!['receipts'] as { payload: { job_uuid: string } }[];
    expect(receipts.map(({ payload }) => payload.job_uuid).sort()).toEqual(busy.sort());
    const verdicts = await peer.ask<boolean[][]>('verify_receipts', {
      lines: receipts.map((receipt) => JSON.stringify(receipt)),
    });
    expect(verdicts).toEqual(receipts.map(() => [true, true]));
    await expect.poll(() => miner.query('select 1 from job where slot_held')).toEqual([]);
  });

  it('is declined for a class that is not offered', async () => {
    const ran = await run(randomUUID(), { executor_class: 'spin_up-4min.gpu-24gb' });
    expect(ran.failure!.error).toBe(names[generation].declined);
    expect(ran.failure!.message).toMatchObject({ reason: 'busy', receipts: [] });
  });

  it('is told the manifest', async () => {
    expect(
      await peer.ask('ask_manifest', {
        seed: seeds.validator,
        miner: address(),
        job_uuid: randomUUID(),
        wait: 1,
      }),
    ).toEqual({ manifest: { [executorClass]: capacity }, errors: [] });
  });

  it('is refused with a sentence, and does not knock again and again', async () => {
    const proxy = await openFaultProxy(address().port);
    onTestFinished(() => proxy.close());
    const { manifest, errors } = await peer.ask<{ manifest: null; errors: string[] }>('ask_manifest', {
      seed: seeds.user,
      miner: { ...address(), port: proxy.port },
      job_uuid: randomUUID(),
      wait: 3,
    });
    expect(manifest).toBeNull();
    expect(errors).toEqual([expect.stringMatching(/knows no validator/)]);
    expect(proxy.opened).toBe(1);
  });

  // The older client opens a new connection and says nothing on it, not even who it is: nobody can help it.
  it.runIf(generation === 'new')('gets what it has missed when its connection was cut', async () => {
    const proxy = await openFaultProxy(address().port);
    onTestFinished(() => proxy.close());
    const uuid = randomUUID();
    const cut: string[] = [];
    const [ran] = await Promise.all([
      run(uuid, {}, { ...address(), port: proxy.port }),
      executor(uuid, 'hello', async (type) => {
        if (type !== 'V0VolumesReadyRequest' && type !== 'V0JobFinishedRequest') return;
        await expect.poll(() => proxy.opened).toBe(cut.push(type));
        proxy.cut();
      }),
    ]);
    expect(cut).toHaveLength(2);
    expect(ran).toMatchObject({
      result: { stdout: recorded('hello')['docker_process_stdout'] },
      failure: null,
      told: ['accepted', 'executor_ready', 'volumes_ready', 'execution_done'],
      receipts: allReceipts,
    });
    expect(proxy.opened).toBeGreaterThanOrEqual(3);
    await settled(uuid);
  });
}
