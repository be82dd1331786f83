import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { Keypair, verifyRequest } from '@horde/identity';
import { makeCertificate } from '@horde/network';
import { signedFieldsOf, signedFieldsPayload, type NewJob } from '@horde/protocol';
import { HordeClient, httpUpload, inlineVolume, type HordeClientError, type JobSpec } from '@horde/sdk';
import { createTestDatabase } from '@horde/testing/database';
import { ScriptedValidator } from '@horde/testing/facilitator-validator/scripted-validator';
import { freePort } from '@horde/testing/free-port';
import { because } from '@horde/testing/missing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { referenceEnvironment } from './environment.ts';

const checkout = path.resolve(process.env['REFERENCE_DIR'] ?? '');
const found = process.env['REFERENCE_DIR']
  ? await referenceEnvironment(checkout)
  : { missing: 'REFERENCE_DIR does not name a checkout of ComputeHorde' };
const missing = 'missing' in found ? found.missing : null;
const ownFolder = path.join(import.meta.dirname, 'peers/reference-facilitator');

/** What its settings have no default for; nothing of it is reached. */
const required = {
  ENV: 'interop',
  SECRET_KEY: 'interop',
  DATABASE_POOL_URL: '',
  CHANNELS_BACKEND_URL: 'redis://127.0.0.1:1',
  BITTENSOR_NETUID: '12',
  BITTENSOR_NETWORK: 'none',
  WANDB_API_KEY: 'interop',
  CSP_ENABLED: 'false',
  EMAIL_BACKEND: 'django.core.mail.backends.dummy.EmailBackend',
  EMAIL_FILE_PATH: '/tmp',
  EMAIL_HOST: 'interop',
  EMAIL_PORT: '1',
  EMAIL_HOST_USER: 'interop',
  EMAIL_HOST_PASSWORD: 'interop',
  EMAIL_USE_TLS: 'false',
  DEFAULT_FROM_EMAIL: 'interop@example.com',
};

const spec: JobSpec = {
  executorClass: 'always_on.llm.a6000',
  jobNamespace: 'SN123.0',
  dockerImage: 'alpine',
  args: ['sh', '-c', 'echo "h\u00e9 \u2028\u007f😀"'],
  env: new Map([
    ['10', 'a'],
    ['9', 'b'],
  ]),
  artifactsDir: '/artifacts',
  tag: 'interop',
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
const thrown = (work: Promise<unknown>) =>
  work.then(
    () => null,
    (error: unknown) => error as HordeClientError,
  );

describe.skipIf(missing !== null)(`ComputeHorde's own facilitator and the SDK${because(missing)}`, () => {
  const [user, key] = [Keypair.generate(), Keypair.generate()];
  let server: ChildProcess;
  let validator: ScriptedValidator;
  let facilitatorUrl: string;
  let client: HordeClient;

  beforeAll(async () => {
    const { python } = found as { python: string };
    const port = await freePort();
    facilitatorUrl = `http://127.0.0.1:${port}`;
    const folders = ['facilitator/app/src', 'compute_horde', 'compute_horde_sdk/src'];
    const script = path.join(ownFolder, 'serve.py');
    server = spawn(python, [script, String(port), key.address, user.address], {
      stdio: 'ignore',
      env: {
        ...process.env,
        ...required,
        PYTHONPATH: [ownFolder, ...folders.map((folder) => path.join(checkout, folder))].join(path.delimiter),
        PYTHONDONTWRITEBYTECODE: '1',
        DJANGO_SETTINGS_MODULE: 'facilitator_settings',
        DATABASE_URL: await createTestDatabase(),
      },
    });
    client = new HordeClient({ facilitatorUrl, hotkey: user, validatorHotkey: key.address });
    for (;;) {
      const error = await thrown(client.login());
      if (!error) break;
      if (error.code !== 'UNREACHABLE' || server.exitCode !== null) throw error;
    }
    validator = await ScriptedValidator.logIn(facilitatorUrl, key);
  }, 240_000);
  afterAll(async () => {
    client?.close();
    if (server?.exitCode !== null) return;
    server.kill();
    await once(server, 'exit');
  });

  /** Creates a job and brings it to an end. */
  async function run(end: string, metadata: object, onTrustedMiner = false): Promise<string> {
    const job = await client.createJob(spec, { onTrustedMiner });
    await validator.nextJob();
    await validator.update(job.uuid, end, metadata);
    return job.uuid;
  }
  const completed = {
    miner_response: {
      docker_process_stderr: 'err',
      docker_process_stdout: 'hi\n',
      artifacts: { '/artifacts/a': 'aGkK' },
      upload_results: { 'o.bin': '{"headers":{"etag":"x"},"body":"ok"}' },
    },
  };

  it('pass a job on with a signature that a validator can verify, and bring its statuses and result back', async () => {
    const job = await client.createJob({
      ...spec,
      inputVolumes: { '/volume/in': await inlineVolume({ 'a.txt': 'hello' }) },
      outputVolumes: {
        '/output/o.bin': httpUpload('https://b.example/o', {
          method: 'POST',
          formFields: { '2': 'b', '1': 'a' },
        }),
      },
    });
    const received = await validator.nextJob();
    expect([received.uuid, verifies(received)]).toEqual([job.uuid, true]);
    const statuses: string[] = [];
    const ended = job.wait({ timeout: 60, onStatus: ({ status }) => statuses.push(status) });
    const before = ['received', 'accepted', 'executor_ready', 'volumes_ready', 'execution_done'];
    for (const status of before) await validator.update(job.uuid, status);
    await validator.update(job.uuid, 'completed', completed);
    await ended;
    expect(statuses).toEqual(['sent', ...before, 'completed']);
    expect(job.result).toEqual({
      stdout: 'hi\n',
      stderr: 'err',
      artifacts: new Map([['/artifacts/a', Buffer.from('hi\n')]]),
      uploadResults: new Map([['/output/o.bin', { headers: { etag: 'x' }, body: 'ok' }]]),
    });
  });

  it('find the place of a streaming job', async () => {
    const { certificate } = await makeCertificate([]);
    const job = await client.createJob({ ...spec, streaming: true });
    const received = await validator.nextJob();
    expect(received.streaming_details?.public_key).toBe(job.certificate!.certificate);
    expect(verifies(received)).toBe(true);
    const waiting = job.waitForStreaming({ timeout: 60 });
    const details = { streaming_server_cert: certificate, streaming_server_address: '127.0.0.1' };
    await validator.update(job.uuid, 'streaming_ready', {
      streaming_details: { ...details, streaming_server_port: 4321 },
    });
    expect((await waiting).url).toBe('https://127.0.0.1:4321/');
  });

  it('list jobs, also by what it has no filters for, and take the report of a cheat', async () => {
    const rejection = { rejected_by: 'miner', reason: 'busy', message: 'All are busy.', context: null };
    const rejected = await run('rejected', { job_rejection_details: rejection });
    const cheated = await run('completed', completed);
    const trusted = await run('completed', completed, true);
    expect((await client.getJob(rejected)).error).toMatchObject({
      kind: 'rejection',
      message: 'All are busy.',
    });
    const some: string[] = [];
    for await (const { uuid } of client.iterateJobs({ status: ['rejected'], tag: 'interop', pageSize: 2 }))
      some.push(uuid);
    expect(some).toEqual([rejected]);
    await client.reportCheatedJob(cheated, trusted, { details: { differs: 'stdout' } });
    const report = await validator.next();
    expect(report).toMatchObject({
      message_type: 'V0JobCheated',
      job_uuid: cheated,
      trusted_job_uuid: trusted,
    });
  });

  it('say what it refuses, and what it cannot do', async () => {
    const job = await client.createJob(spec);
    await validator.nextJob();
    const [stranger, absent] = [Keypair.generate(), Keypair.generate().address];
    const other = new HordeClient({ facilitatorUrl, hotkey: stranger, validatorHotkey: key.address });
    const nobodys = new HordeClient({ facilitatorUrl, hotkey: user, validatorHotkey: absent });
    const refusals: [string, Promise<unknown>, string][] = [
      ['stranger', other.login(), 'NOT_ALLOWED'],
      ['absent', nobodys.createJob(spec), 'NO_VALIDATOR'],
      ['unknown', client.getJob('11111111-1111-4111-8111-111111111111'), 'NOT_FOUND'],
      ['long', client.createJob({ ...spec, dockerImage: 'x'.repeat(256) }), 'REFUSED'],
      ['dry run', client.dryRun(spec), 'NOT_SUPPORTED'],
      ['cancel', job.cancel(), 'NOT_SUPPORTED'],
      ['describe', job.describe(), 'NOT_SUPPORTED'],
      ['validators', client.getValidators(), 'NOT_SUPPORTED'],
    ];
    const found = refusals.map(async ([what, work]) => [what, (await thrown(work))?.code]);
    expect(await Promise.all(found)).toEqual(refusals.map(([what, , code]) => [what, code]));
  });
});
