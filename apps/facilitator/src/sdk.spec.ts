import { HordeClient, HordeClientError, httpUpload, inlineVolume, type JobSpec } from '@horde/sdk';
import { Keypair, verifyRequest } from '@horde/identity';
import { signedFieldsOf, signedFieldsPayload, type NewJob } from '@horde/protocol';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { ScriptedValidator } from '@horde/testing/facilitator-validator/scripted-validator';
import { startFacilitator, type RunningFacilitator } from './testing/running-facilitator.ts';

const key = Keypair.generate();
let facilitator: RunningFacilitator;
let validator: ScriptedValidator;
let client: HordeClient;

beforeAll(async () => {
  facilitator = await startFacilitator([key.address]);
  validator = await ScriptedValidator.logIn(facilitator.url, key);
  client = new HordeClient({
    facilitatorUrl: facilitator.url,
    hotkey: facilitator.user,
    validatorHotkey: key.address,
  });
});
afterAll(() => facilitator.stop());

const spec: JobSpec = {
  executorClass: 'always_on.test',
  jobNamespace: 'SN123.0',
  dockerImage: 'alpine',
  args: ['sh', '-c', 'echo "h\u00e9 \u2028\u007f😀" '],
  env: new Map([
    ['10', 'a'],
    ['9', 'b'],
  ]),
  artifactsDir: '/artifacts',
  downloadTimeLimit: 5,
  executionTimeLimit: 10,
  uploadTimeLimit: 5,
};

/** What a validator does before it takes a job. */
const verifies = (job: NewJob): boolean =>
  verifyRequest(
    job.signature!.signatory,
    job.signature!.timestamp_ns,
    signedFieldsPayload(signedFieldsOf(job)),
    job.signature!.signature,
  );

describe('a job from the client to the validator and back', () => {
  it('arrives with a signature that the validator can verify, and comes back with its result', async () => {
    const job = await client.createJob({
      ...spec,
      inputVolumes: { '/volume/in': await inlineVolume({ 'a.txt': 'hello' }) },
      outputVolumes: {
        '/output/o': httpUpload('https://b.example/o', {
          method: 'POST',
          formFields: { '2': 'b', '1': 'a' },
        }),
      },
    });
    const received = await validator.nextJob();
    expect(received.uuid).toBe(job.uuid);
    expect(verifies(received)).toBe(true);
    const statuses: string[] = [];
    const ended = job.wait({ timeout: 20, onStatus: ({ status }) => statuses.push(status) });
    for (const status of ['received', 'accepted', 'executor_ready', 'volumes_ready', 'execution_done'])
      await validator.update(job.uuid, status);
    await validator.update(job.uuid, 'completed', {
      miner_response: {
        docker_process_stderr: '',
        docker_process_stdout: 'hi\n',
        artifacts: { '/artifacts/a': 'aGkK' },
        upload_results: {},
      },
    });
    await ended;
    expect(statuses).toEqual([
      'sent',
      'received',
      'accepted',
      'executor_ready',
      'volumes_ready',
      'execution_done',
      'completed',
    ]);
    expect(job.result).toEqual({
      stdout: 'hi\n',
      stderr: '',
      artifacts: new Map([['/artifacts/a', Buffer.from('hi\n')]]),
      uploadResults: new Map(),
    });
  });

  it('that is rejected says by whom and why', async () => {
    const job = await client.createJob(spec);
    await validator.nextJob();
    const details = {
      rejected_by: 'validator',
      reason: 'no_miner_for_job',
      message: 'Job could not be routed to a miner',
      context: null,
    };
    await validator.update(job.uuid, 'rejected', { job_rejection_details: details });
    await job.wait({ timeout: 20 });
    expect(job.error).toMatchObject({
      kind: 'rejection',
      reportedBy: 'validator',
      reason: 'no_miner_for_job',
      message: details.message,
    });
  });
});

it('jobs can be looked up and walked through, newest first', async () => {
  const created: string[] = [];
  for (let count = 0; count < 11; count++) {
    created.unshift((await client.createJob(spec)).uuid);
    await validator.nextJob();
  }
  expect((await client.getJob(created[3]!)).status).toBe('sent');
  expect((await client.getJobs({ pageSize: 2 })).map(({ uuid }) => uuid)).toEqual(created.slice(0, 2));
  const all: string[] = [];
  for await (const { uuid } of client.iterateJobs()) all.push(uuid);
  expect(all.slice(0, 11)).toEqual(created);
});

it('a job is followed by its events, found by filter and cursor, and refused a second life under its key', async () => {
  const tagged = { ...spec, tag: 'followed' };
  const job = await client.createJob(tagged, { idempotencyKey: 'k-1' });
  expect((await client.createJob(tagged, { idempotencyKey: 'k-1' })).uuid).toBe(job.uuid);
  await validator.nextJob();
  const told: string[] = [];
  const following = (async () => {
    for await (const event of job.events()) {
      expect(event.id).not.toBeNull();
      told.push(event.type === 'output' ? event.text : 'status' in event ? event.status : event.type);
    }
  })();
  await validator.update(job.uuid, 'received');
  const response = {
    docker_process_stderr: '',
    docker_process_stdout: 'hi\n',
    artifacts: {},
    upload_results: {},
  };
  await validator.update(job.uuid, 'completed', { miner_response: response });
  await following;
  expect(told).toEqual(['sent', 'received', 'completed', 'hi\n', 'completed']);
  expect(job.result?.stdout).toBe('hi\n');
  const { jobs, next } = await client.listJobs({ tag: 'followed', status: ['completed'], lean: true });
  expect([jobs.map(({ uuid, status }) => [uuid, status]), next]).toEqual([[[job.uuid, 'completed']], null]);
});

it('what the facilitator refuses is an error that says why', async () => {
  const refused = (work: Promise<unknown>) => work.catch((error: unknown) => error as HordeClientError);
  expect(await refused(client.getJob('11111111-1111-4111-8111-111111111111'))).toMatchObject({
    code: 'NOT_FOUND',
    status: 404,
  });
  const absent = new HordeClient({
    facilitatorUrl: facilitator.url,
    hotkey: facilitator.user,
    validatorHotkey: Keypair.generate().address,
  });
  expect(await refused(absent.createJob(spec))).toMatchObject({ code: 'NO_VALIDATOR', retryable: true });
  const stranger = new HordeClient({
    facilitatorUrl: facilitator.url,
    hotkey: Keypair.generate(),
    validatorHotkey: key.address,
  });
  expect(await refused(stranger.login())).toMatchObject({
    code: 'NOT_ALLOWED',
    message: expect.stringMatching(/does not let this hotkey in: Hotkey not allowed .*whitelist_hotkey/),
  });
});

it('a client whose login has run out logs in again by itself', async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() - 3_700_000 });
  const early = new HordeClient({
    facilitatorUrl: facilitator.url,
    hotkey: facilitator.user,
    validatorHotkey: key.address,
  });
  await early.login().finally(() => vi.useRealTimers());
  expect(await early.getJobs()).not.toEqual([]);
});
