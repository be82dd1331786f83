import { Keypair } from '@horde/identity';
import { AcceptJob, ExecutionDone, ExecutorReady, VolumesReady, make } from '@horde/protocol';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { finished, send, wholeJob } from '@horde/testing/validator-miner/miner-script';
import { ServiceBundle, type ServiceProcess } from '@horde/testing/service-bundle';
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

describe('the validator', () => {
  let bundle: ServiceBundle;
  let process: ServiceProcess | null = null;

  beforeAll(async () => {
    bundle = await ServiceBundle.build('validator');
  });

  afterEach(async () => {
    await process?.kill('SIGKILL');
    process = null;
  });

  afterAll(() => bundle.remove());

  it('is killed while a job runs: the next one goes on with it, and keeps its deadlines', async () => {
    const { promise: resumed, resolve: resume } = Promise.withResolvers<void>();
    scene.miner.script = {
      ...wholeJob,
      onJob: async ({ job_uuid }, connection) => {
        if (scene.miner.all('V0JobRequest').length === 1)
          return send(connection, make(VolumesReady, { job_uuid }));
        await resumed;
        await send(connection, make(ExecutionDone, { job_uuid }), finished(job_uuid));
      },
    };
    process = bundle.run(scene.place.environment(scene.settings()));
    await scene.facilitator.logins.first(() => true, 0, 60_000);
    const uuid = await scene.send({ execution_time_limit: 25 });
    await scene.facilitator.update(uuid, 'volumes_ready', 25_000); // a process has to start
    await process.kill('SIGKILL');

    const [before] = await scene.place.query<{ deadline: Date }>(
      'select deadline from attempt where uuid = $1',
      [uuid],
    );
    await scene.start();
    await scene.miner.received.first(
      (message) => message.message_type === 'V0JobRequest',
      scene.miner.received.items.length,
      25_000,
    );
    expect(await scene.place.query('select deadline from attempt where uuid = $1', [uuid])).toEqual([before]);
    resume();
    await scene.facilitator.update(uuid, 'completed');
    expect([...new Set(scene.facilitator.statuses(uuid))]).toEqual(allStatuses);
    const { payload } = await scene.miner.finishedReceipt(uuid);
    expect(payload.score_str).toBe('35.000000');
    expect(scene.miner.initial(uuid)).toHaveLength(1);
    expect(scene.miner.badSignatures).toEqual([]);
  }, 120_000);

  it('is stopped while a job waits for its executor: the next one goes on at once', async () => {
    scene.miner.script = {
      onInitial: ({ job_uuid }, connection) =>
        scene.miner.initial(job_uuid).length === 1
          ? send(connection, make(AcceptJob, { job_uuid }))
          : send(connection, make(AcceptJob, { job_uuid }), make(ExecutorReady, { job_uuid })),
      onJob: wholeJob.onJob,
    };
    const first = await scene.start();
    const uuid = await scene.send();
    await scene.facilitator.update(uuid, 'accepted');
    await first.close();
    await scene.start();
    await scene.facilitator.update(uuid, 'completed', 8_000);
    const [one, two] = scene.miner.initial(uuid);
    expect(two!.job_started_receipt_payload).toEqual(one!.job_started_receipt_payload);
  });

  it('was away longer than the job had time: the miner still gets to say how it ended', async () => {
    scene.miner.script = {
      ...wholeJob,
      onJob: async ({ job_uuid }, connection) => {
        if (scene.miner.all('V0JobRequest').length > 1) await send(connection, finished(job_uuid));
      },
    };
    const first = await scene.start();
    const uuid = await scene.send();
    await scene.facilitator.update(uuid, 'executor_ready');
    await first.close();
    await scene.place.query(`update attempt set deadline = now() - interval '1 minute' where uuid = $1`, [
      uuid,
    ]);
    await scene.start();
    await scene.facilitator.update(uuid, 'completed');
  });

  it('ends before the miner has its last receipt: the miner gets it from the next one', async () => {
    scene.miner.script = {
      ...wholeJob,
      onJob: async (request, connection) => {
        await wholeJob.onJob(request, connection);
        await scene.miner.stop();
      },
    };
    const first = await scene.start();
    const uuid = await scene.send();
    await scene.facilitator.update(uuid, 'completed');
    await first.close();
    await scene.miner.start();
    await scene.start();
    expect((await scene.miner.finishedReceipt(uuid)).payload.score_str).toBe('20.000000');
    expect(scene.miner.badSignatures).toEqual([]);
    await expect.poll(() => scene.waiting(uuid)).toBe(0);
  });

  it('says on the command line what it does not understand', async () => {
    process = bundle.run(scene.place.environment({}), ['frobnicate']);
    expect(await process.ended()).toBe(2);
    expect(process.output).toContain("unknown command 'frobnicate'");
  });

  it('adds a hotkey to the whitelist, also twice', async () => {
    const hotkey = Keypair.generate().address;
    for (const _ of [1, 2]) {
      process = bundle.run(scene.place.environment({}), ['whitelist_hotkey', hotkey]);
      expect(await process.ended()).toBe(0);
    }
    expect(await scene.place.query('select hotkey from whitelisted_hotkey')).toEqual([{ hotkey }]);
  });
});
