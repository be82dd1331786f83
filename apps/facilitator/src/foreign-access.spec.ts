import { Keypair } from '@horde/identity';
import { ScriptedValidator } from '@horde/testing/facilitator-validator/scripted-validator';
import { EventReader } from '@horde/testing/event-reader';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { startFacilitator, type RunningFacilitator } from './testing/running-facilitator.ts';
import { ask, jobBody, postJson, signatureHeaders, tokenOf, type Answer } from './testing/user.ts';
import { ValidatorSync } from './validators/validator-sync.ts';

const validatorKey = Keypair.generate();
/** What a job may hold that only its user, and whoever runs it, is to know. */
const secrets = {
  environment: 'env-2f8c1d',
  huggingFace: 'hf_9b27aa',
  download: 'X-Amz-Signature=77d01e',
  upload: 'X-Amz-Signature=c40b95',
  output: 'printed-5e6f70',
};
let facilitator: RunningFacilitator;
let validator: ScriptedValidator;
let token: string;
let uuid: string;

beforeAll(async () => {
  vi.stubEnv('LOG_LEVEL', 'trace');
  facilitator = await startFacilitator([validatorKey.address]);
  vi.unstubAllEnvs();
  validator = await ScriptedValidator.logIn(facilitator.url, validatorKey);
  token = await tokenOf(facilitator.url, facilitator.user);
  uuid = (await create()).json.uuid as string;
  await validator.nextJob();
  await validator.update(uuid, 'received');
  await validator.update(uuid, 'completed', {
    miner_response: { docker_process_stderr: '', docker_process_stdout: secrets.output, artifacts: {} },
  });
});
afterAll(() => facilitator.stop());

/** Creates a job with all secrets. */
function create(): Promise<Answer> {
  const text = JSON.stringify(
    jobBody(validatorKey.address, {
      tag: 'mine',
      env: { KEY: secrets.environment },
      volumes: [
        {
          volume_type: 'huggingface_volume',
          repo_id: 'a/b',
          repo_type: null,
          revision: null,
          relative_path: 'm',
          allow_patterns: null,
          token: secrets.huggingFace,
        },
        { volume_type: 'single_file', url: `https://a.example/f?${secrets.download}`, relative_path: 'f' },
      ],
      uploads: [
        {
          output_upload_type: 'single_file_put',
          url: `https://b.example/o?${secrets.upload}`,
          relative_path: 'o',
          signed_headers: null,
        },
      ],
    }),
  );
  const headers = { authorization: `Bearer ${token}`, ...signatureHeaders(facilitator.user, text) };
  return postJson(`${facilitator.url}/api/v1/job-docker/`, text, headers);
}

describe('another user who may log in', () => {
  let other: Keypair;
  let foreign: { authorization: string };
  beforeAll(async () => {
    other = Keypair.generate();
    foreign = { authorization: `Bearer ${await facilitator.allow(other.address)}` };
  });

  it.each([
    ['GET', ''],
    ['GET', 'events/'],
    ['GET', 'describe/'],
    ['GET', 'feedback/'],
    ['GET', 'feedback/1/'],
    ['POST', 'cancel/'],
  ])('%s /api/v1/jobs/{uuid}/%s finds no such job', async (method, path) => {
    const answer = await ask(`${facilitator.url}/api/v1/jobs/${uuid}/${path}`, { method, headers: foreign });
    expect(answer.status).toBe(404);
    expect(answer.text).not.toContain(uuid);
  });

  it.each(['', '?tag=mine', '?uuid=UUID', '?cursor=&lean=true', '?page=last'])(
    'GET /api/v1/jobs/%s lists nothing of it',
    async (query) => {
      const path = `/api/v1/jobs/${query.replace('UUID', uuid)}`;
      const answer = await ask(facilitator.url + path, { headers: foreign });
      expect(answer).toMatchObject({ status: 200, json: { results: [] } });
    },
  );
});

describe('a validator can say nothing about the job of another', () => {
  let forger: ScriptedValidator;
  let open: string;
  const seen = async (job: string) => {
    const headers = { authorization: `Bearer ${token}` };
    return (await ask(`${facilitator.url}/api/v1/jobs/${job}/`, { headers })).json;
  };
  const stranger = Keypair.generate();
  beforeAll(async () => {
    facilitator.chain.hotkeys.push(stranger.address);
    await facilitator.app.get(ValidatorSync).sync();
    forger = await ScriptedValidator.logIn(facilitator.url, stranger, {}, ['logs-2', 'progress-1']);
    const text = JSON.stringify(jobBody(validatorKey.address));
    const headers = { authorization: `Bearer ${token}`, ...signatureHeaders(facilitator.user, text) };
    open = (await postJson(`${facilitator.url}/api/v1/job-docker/`, text, headers)).json.uuid as string;
    await validator.nextJob();
  });

  const streaming_details = {
    streaming_server_cert: 'PEM',
    streaming_server_address: '203.0.113.9',
    streaming_server_port: 1,
  };
  const miner_response = {
    docker_process_stdout: 'forged',
    docker_process_stderr: '',
    artifacts: { '/artifacts/a': 'Zm9yZ2Vk' },
  };

  it.each<[string, object?]>([
    ['received'],
    ['accepted'],
    ['streaming_ready', { streaming_details }],
    ['completed', { miner_response }],
    ['rejected'],
    ['failed'],
    ['horde_failed'],
  ])('not that it is %s, whether it has ended or not', async (status, metadata) => {
    for (const job of [open, uuid]) {
      const before = await seen(job);
      for (const name of [job, job.toUpperCase()])
        expect(await forger.update(name, status, metadata)).toMatchObject({
          status: 'error',
          errors: [{ type: 'job.not_found' }],
        });
      expect(await seen(job)).toEqual(before);
    }
  });

  it('not by numbered messages either', async () => {
    const before = await seen(open);
    const numbered = await ScriptedValidator.logIn(facilitator.url, stranger, {}, ['durable-1']);
    await numbered.update(open, 'completed', { miner_response });
    expect(await numbered.next()).toMatchObject({ status: 'error', errors: [{ type: 'job.not_found' }] });
    expect(await seen(open)).toEqual(before);
  });

  it('not what it prints, waits for or loads', async () => {
    const messages = [
      {
        message_type: 'V0JobOutputChunk',
        job_uuid: open,
        stream: 'stdout',
        offset: 0,
        data: 'eA==',
        end: true,
      },
      { message_type: 'V0JobWait', job_uuid: open, waits_for: 'Forged.', since: null, until: null },
      { message_type: 'V0JobProgress', job_uuid: open, stage: 'pull', name: 'x', done: 1, total: 2 },
    ];
    for (const message of messages) forger.sendText(JSON.stringify(message));
    expect(await forger.settle()).toEqual([]);
    // What is gathered has been stored when what came later is.
    const reader = await EventReader.open(`${facilitator.url}/api/v1/jobs/${open}/events/`, token);
    await validator.update(open, 'received');
    await validator.update(open, 'completed');
    const told = await reader.until('end');
    expect(told.map(({ event, data }) => `${event} ${data.status}`)).toEqual([
      'status sent',
      'status received',
      'status completed',
      'end completed',
    ]);
  });
});

it('tokens, keys and what a job holds are not in the log, whatever is logged and whatever fails', async () => {
  const { manager } = facilitator.database;
  await manager.query('alter table job add constraint broken check (false) not valid');
  expect((await create()).status).toBe(500);
  await manager.query('alter table job drop constraint broken');
  await manager.query('alter table job_status add constraint broken check (false) not valid');
  const { json } = await create().finally(() =>
    manager.query('alter table job_status drop constraint broken'),
  );
  expect(JSON.stringify(json)).not.toContain(secrets.environment);
  validator.sendText(
    JSON.stringify({
      message_type: 'V0JobStatusUpdate',
      uuid,
      status: [secrets.output],
      metadata: secrets.output,
    }),
  );
  validator.sendText(`{"message_type":"${secrets.output}"`);
  await validator.settle();
  const log = JSON.stringify(facilitator.log);
  expect(log).toContain(uuid);
  for (const secret of [...Object.values(secrets), token, 'Bearer']) expect(log).not.toContain(secret);
});
