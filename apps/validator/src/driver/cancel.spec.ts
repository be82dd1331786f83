import { randomUUID } from 'node:crypto';
import { runCommand } from '@horde/commands';
import { createLogger } from '@horde/operations';
import { AcceptJob, CancelJob, ExecutorReady, make, VolumesReady } from '@horde/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { newJob } from '@horde/testing/facilitator-validator/scripted-facilitator';
import { DurableMiner } from '@horde/testing/validator-miner/durable-miner';
import { validatorProgram } from '../commands/program.ts';
import { ValidatorContext } from '../commands/validator-context.ts';
import { Scene } from '../testing/scene.ts';

const scene = new Scene();
let miner: DurableMiner;

beforeEach(async () => {
  miner = new DurableMiner();
  await miner.start();
});
afterEach(() => miner.stop());

/** Types the command, as a process of its own would run it. @returns its code and what it printed */
async function cancel(uuid: string): Promise<[number, string]> {
  const printed: string[] = [];
  const context = new ValidatorContext(
    scene.place.environment({}),
    (text) => printed.push(text),
    createLogger('validator'),
    new AbortController().signal,
  );
  const code = await runCommand(validatorProgram, ['cancel_job', uuid, '--by', 'the user'], context, (text) =>
    printed.push(text),
  );
  return [code, printed.join('\n')];
}

const expectCancelled = async (uuid: string, stage: string) => {
  const { metadata } = await scene.facilitator.update(uuid, 'failed');
  const { reason, message, context, ...rest } = metadata!.job_failure_details!;
  expect({ reason, message, stage: rest.stage }).toEqual({
    reason: 'unknown',
    message: 'Cancelled by the user.',
    stage,
  });
  expect(context).toEqual(new Map([['cancelled_by', 'the user']]));
};

const receipt = async () => {
  const { message } = await miner.taken.first(
    (one) => one.message.message_type === 'V0JobFinishedReceiptRequest',
  );
  return (message as unknown as { payload: { score_str: string } }).payload;
};

describe('a job that is cancelled', () => {
  it('while it runs ends at its miner, too, and the seconds that it used are paid', async () => {
    miner.onTaken = ({ message_type: type, ...message }) => {
      const { job_uuid } = message as { job_uuid: string };
      if (type === 'V0InitialJobRequest')
        miner.send(job_uuid, make(AcceptJob, { job_uuid }), make(ExecutorReady, { job_uuid }));
      if (type === 'V0JobRequest') miner.send(job_uuid, make(VolumesReady, { job_uuid }));
    };
    await scene.start(miner.settings);
    const uuid = await scene.send({ execution_time_limit: 60 });
    await scene.facilitator.update(uuid, 'volumes_ready');
    expect(await cancel(uuid)).toEqual([0, 'Whoever drives it ends it now.']);
    await expectCancelled(uuid, 'execution');
    const { message } = await miner.taken.first((one) => one.message.message_type === 'V0CancelJobRequest');
    expect(message).toMatchObject({ job_uuid: uuid, cancelled_by: 'the user' });
    const { score_str } = await receipt();
    expect(score_str).toMatch(/^[1-9]\d*\.000000$/);
    expect(Number(score_str)).toBeLessThanOrEqual(70);
    expect(await scene.place.query('select outcome from attempt where uuid = $1', [uuid])).toEqual([
      { outcome: 'cancelled' },
    ]);
    expect(await scene.place.query('select kind from miner_incident')).toEqual([]);
    expect(await cancel(uuid)).toEqual([0, 'It has ended before: nothing was changed.']);
    const changes = await scene.place.query('select operator, action from audit_entry where subject = $1', [
      uuid,
    ]);
    expect(changes).toEqual([{ operator: null, action: 'cancel a job' }]);
  });

  it('before its executor is ready costs nothing', async () => {
    miner.onTaken = ({ message_type: type, ...message }) => {
      const { job_uuid } = message as { job_uuid: string };
      if (type === 'V0InitialJobRequest') miner.send(job_uuid, make(AcceptJob, { job_uuid }));
    };
    await scene.start({ ...miner.settings, DYNAMIC_EXECUTOR_STARTUP_TIME_LIMIT: '60' });
    const uuid = await scene.send();
    await scene.facilitator.update(uuid, 'accepted');
    await cancel(uuid);
    await expectCancelled(uuid, 'executor_startup');
    expect((await receipt()).score_str).toBe('0.000000');
  });

  it('while its miner does not answer ends without its answer', async () => {
    await scene.start({ ...miner.settings, DYNAMIC_EXECUTOR_RESERVATION_TIME_LIMIT: '60' });
    const uuid = await scene.send();
    await miner.taken.first((one) => one.message.message_type === 'V0InitialJobRequest');
    await cancel(uuid);
    await expectCancelled(uuid, 'unknown');
    expect((await receipt()).score_str).toBe('0.000000');
  });

  it('while it waits for a miner has ended at once', async () => {
    await miner.stop();
    await scene.start({ ...miner.settings, JOB_WAIT_LIMIT: '60' });
    const uuid = await scene.send();
    await expect
      .poll(
        () => scene.place.query('select 1 from job where uuid = $1 and waits_since is not null', [uuid]),
        {
          interval: 20,
        },
      )
      .toHaveLength(1);
    const [code] = await cancel(uuid);
    expect(code).toBe(0);
    await expectCancelled(uuid, 'unknown');
  });

  it('while no validator runs ends when the next one takes it up', async () => {
    miner.onTaken = ({ message_type: type, ...message }) => {
      const { job_uuid } = message as { job_uuid: string };
      if (type === 'V0InitialJobRequest') miner.send(job_uuid, make(AcceptJob, { job_uuid }));
    };
    const settings = { ...miner.settings, DYNAMIC_EXECUTOR_STARTUP_TIME_LIMIT: '60' };
    const first = await scene.start(settings);
    const uuid = await scene.send();
    await scene.facilitator.update(uuid, 'accepted');
    await first.close();
    await cancel(uuid);
    await scene.start(settings);
    await expectCancelled(uuid, 'executor_startup');
  });
});

it('a job that nobody knows, or that is no uuid, is not cancelled', async () => {
  await scene.start(miner.settings);
  expect(await cancel('00000000-0000-4000-8000-000000000000')).toEqual([
    2,
    'This validator has no such job.',
  ]);
  expect((await cancel('x'))[0]).toBe(2);
});

describe('a facilitator', () => {
  const ask = (job_uuid: string) =>
    scene.facilitator.send(make(CancelJob, { job_uuid, cancelled_by: 'the user' }));
  beforeEach(async () => {
    await scene.facilitator.stop();
    scene.facilitator.extensions = ['cancel-1'];
    await scene.facilitator.start();
  });

  it('has a job of its own cancelled at its miner, and neither a repetition nor one after the end does harm', async () => {
    miner.onTaken = ({ message_type: type, ...message }) => {
      const { job_uuid } = message as { job_uuid: string };
      if (type === 'V0InitialJobRequest') miner.send(job_uuid, make(AcceptJob, { job_uuid }));
    };
    await scene.start({ ...miner.settings, DYNAMIC_EXECUTOR_STARTUP_TIME_LIMIT: '60' });
    const uuid = await scene.send();
    await scene.facilitator.update(uuid, 'accepted');
    await ask(uuid);
    await ask(uuid);
    await expectCancelled(uuid, 'executor_startup');
    await ask(uuid);
    await ask('x');
    const after = randomUUID();
    await ask(after);
    await expectCancelled(after, 'unknown');
    expect(scene.facilitator.statuses(uuid)).toEqual(['received', 'accepted', 'failed']);
    expect(scene.facilitator.logins.items).toHaveLength(1);
    expect([...scene.facilitator.logins.items[0]!.extensions]).toEqual(['cancel-1']);
  });

  it('that cancels a job before it has sent it gets its end, and the job does not run', async () => {
    await scene.start(miner.settings);
    const job = newJob(randomUUID(), scene.place.keypair);
    await ask(job.uuid);
    await scene.facilitator.send(job);
    await expectCancelled(job.uuid, 'unknown');
    await scene.facilitator.update(await scene.send(), 'received');
    expect(scene.facilitator.statuses(job.uuid)).toEqual(['failed']);
  });

  it("cannot cancel another one's job", async () => {
    await scene.start(miner.settings);
    const uuid = await scene.send();
    await scene.facilitator.update(uuid, 'received');
    await scene.place.query(`update job set facilitator = 'ws://another' where uuid = $1`, [uuid]);
    await ask(uuid);
    const after = randomUUID();
    await ask(after);
    await expectCancelled(after, 'unknown');
    expect(await scene.place.query('select cancelled_by from job where uuid = $1', [uuid])).toEqual([
      { cancelled_by: null },
    ]);
  });
});
