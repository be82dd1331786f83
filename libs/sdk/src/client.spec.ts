import { Keypair } from '@horde/identity';
import {
  jobText as job,
  scriptedUuid as uuid,
  ScriptedFacilitator,
  statusEntry as entry,
  type Answer,
} from '@horde/testing/user-facilitator/scripted-facilitator';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HordeClient, HordeClientError, type JobSpec } from './index.ts';

const spec: JobSpec = {
  executorClass: 'always_on.test',
  jobNamespace: 'SN1.0',
  dockerImage: 'a',
  downloadTimeLimit: 1,
  executionTimeLimit: 1,
  uploadTimeLimit: 1,
};

let facilitator: ScriptedFacilitator;
let client: HordeClient;
let options: { facilitatorUrl: string; hotkey: Keypair; validatorHotkey: string };

beforeEach(async () => {
  facilitator = await ScriptedFacilitator.start();
  const hotkey = Keypair.generate();
  options = { facilitatorUrl: facilitator.url, hotkey, validatorHotkey: hotkey.address };
  client = new HordeClient(options);
});

afterEach(async () => {
  client.close();
  await facilitator.stop();
});

const prepare = (...answers: Answer[]) => facilitator.on('*', ...answers);
const withoutEvents: Answer = [404, '<h1>Not Found</h1>'];
const thrown = (work: Promise<unknown>) =>
  work.then(
    () => null,
    (error: unknown) => error as HordeClientError,
  );

it('a creation whose answer is lost is repeated with the same body and the same signature', async () => {
  prepare('cut', [502, 'bad gateway'], [201, job([entry('sent')])]);
  expect((await client.createJob(spec)).uuid).toBe(uuid);
  expect(facilitator.seen).toHaveLength(3);
  for (const { body, headers } of facilitator.seen) {
    expect([body, headers['x-ch-signature'], headers['x-ch-timestamp-ns']]).toEqual([
      facilitator.seen[0]!.body,
      facilitator.seen[0]!.headers['x-ch-signature'],
      facilitator.seen[0]!.headers['x-ch-timestamp-ns'],
    ]);
  }
});

it('a token that has expired is renewed once, and the request repeated', async () => {
  prepare([401, '{"detail":"Token expired."}'], [200, job([entry('sent')])]);
  await client.getJob(uuid);
  expect(facilitator.seen.map(({ headers }) => headers.authorization)).toEqual(['Bearer t0', 'Bearer t1']);
});

describe('a text that is no nonce is not signed', () => {
  it.each([
    'n',
    '',
    '{"message_type":"V0JobRequest"}',
    `${'0'.repeat(32)}:1:${'A'.repeat(42)}`,
    `${'0'.repeat(32)}:1:${'A'.repeat(43)} `,
    `<Bytes>${'0'.repeat(32)}:1:${'A'.repeat(43)}</Bytes>`,
    `${'0'.repeat(32)}:1:${'A'.repeat(43)}\n`,
  ])('%j', async (text) => {
    facilitator.nonce = text;
    expect(await thrown(client.login())).toMatchObject({ code: 'BAD_ANSWER', retryable: false });
  });
});

it('where no facilitator is, that is what the login says', async () => {
  const hotkey = Keypair.generate();
  const facilitatorUrl = `${facilitator.url}/elsewhere/`;
  using other = new HordeClient({ facilitatorUrl, hotkey, validatorHotkey: hotkey.address });
  expect(await thrown(other.login())).toMatchObject({
    code: 'BAD_ANSWER',
    message: expect.stringContaining('no place to log in'),
  });
});

describe('a refusal is an error with a code and a sentence', () => {
  it.each<[Answer, Partial<HordeClientError>]>([
    [[400, '["Could not select Validator"]'], { code: 'NO_VALIDATOR', status: 400, retryable: true }],
    [
      [400, '["Could not select Validator: 5F is not connected; it was last seen at 2026-01-01T00:00:00Z."]'],
      {
        code: 'NO_VALIDATOR',
        message:
          'The target validator cannot take the job (Could not select Validator): 5F is not connected; it was last seen at 2026-01-01T00:00:00Z.',
      },
    ],
    [
      [400, '{"args":{"0":["This field may not be blank."]}}'],
      {
        code: 'REFUSED',
        message: 'The facilitator refused the request: args.0: This field may not be blank.',
      },
    ],
    [
      [400, '{"error":"Invalid signature provided","details":"Signature is invalid"}'],
      {
        code: 'REFUSED',
        message: 'The facilitator refused the request: Invalid signature provided Signature is invalid',
      },
    ],
    [
      [400, '{"volumes":[{"type":"missing","loc":["0","url"],"msg":"is required"}]}'],
      { code: 'REFUSED', message: 'The facilitator refused the request: volumes.0.url: is required' },
    ],
    [[401, '{"detail":"Unauthorized hotkey."}'], { code: 'NOT_ALLOWED', status: 401, retryable: false }],
    [
      [404, '{"detail":"No Job matches the given query."}'],
      { code: 'NOT_FOUND', message: 'No Job matches the given query.' },
    ],
    [[200, '<html>'], { code: 'BAD_ANSWER', retryable: false }],
  ])('%j', async (answer, expected) => {
    prepare(answer);
    expect(await thrown(client.createJob(spec))).toMatchObject(expected);
    expect(facilitator.seen).toHaveLength(1);
  });

  it('and so is a facilitator that is not there, or takes no more', async () => {
    const five = (status: number, body: string) => Array.from({ length: 5 }, (): Answer => [status, body]);
    facilitator.on('POST /api/v1/job-docker/', ...five(429, '{"error":"This hotkey has 5 jobs."}'));
    prepare(...five(503, ''));
    const refusals = await Promise.all([thrown(client.getJob(uuid)), thrown(client.createJob(spec))]);
    expect(refusals).toMatchObject([
      { code: 'FACILITATOR_FAILED', status: 503, retryable: true },
      {
        code: 'FACILITATOR_BUSY',
        message: 'The facilitator takes no more for now: This hotkey has 5 jobs.',
        retryable: true,
      },
    ]);
    expect(facilitator.seen).toHaveLength(10);
  });
});

describe('waiting for a job', () => {
  it('tells each status once and ends with the result', async () => {
    const finished = job([entry('sent'), entry('received'), entry('completed')], {
      stdout: 'hi\n',
      artifacts: { '/artifacts/a': 'aGkK' },
      upload_results: { 'o.bin': '{"headers":{"etag":"x"},"body":"ok"}', broken: '{' },
    });
    prepare(
      [201, job([entry('sent')])],
      withoutEvents,
      [200, job([entry('sent'), entry('received')])],
      [200, finished],
    );
    const created = await client.createJob(spec);
    expect(created.result).toBeNull();
    const statuses: string[] = [];
    await created.wait({ onStatus: ({ status }) => statuses.push(status) });
    expect(statuses).toEqual(['sent', 'received', 'completed']);
    expect(created.result).toEqual({
      stdout: 'hi\n',
      stderr: '',
      artifacts: new Map([['/artifacts/a', Buffer.from('hi\n')]]),
      uploadResults: new Map([['/output/o.bin', { headers: { etag: 'x' }, body: 'ok' }]]),
    });
    expect(created.error).toBeNull();
  });

  it('shows why a job failed', async () => {
    const details = {
      reason: 'nonzero_return_code',
      stage: 'execution',
      message: 'exit 3',
      docker_process_exit_status: 3,
      docker_process_stdout: 'out',
      docker_process_stderr: 'bad',
    };
    prepare([200, job([entry('sent'), entry('failed', { job_failure_details: details })])]);
    expect((await client.getJob(uuid)).error).toEqual({
      kind: 'job_failure',
      reason: 'nonzero_return_code',
      message: 'exit 3',
      context: null,
      reportedBy: null,
      stage: 'execution',
      exitStatus: 3,
      stdout: 'out',
      stderr: 'bad',
    });
  });

  it('ends with an error when its time is over, and with the reason when it is aborted', async () => {
    prepare(...Array.from({ length: 100 }, (): Answer => [200, job([entry('sent')])]));
    const waiting = await client.getJob(uuid);
    expect(await thrown(waiting.wait({ timeout: 0.1 }))).toMatchObject({
      code: 'WAIT_TIMEOUT',
      retryable: true,
    });
    const signal = AbortSignal.timeout(50);
    expect(await thrown(waiting.wait({ signal }))).toBe(signal.reason);
    const later = new AbortController();
    const told = { signal: later.signal, onStatus: () => later.abort(new Error('no longer wanted')) };
    expect(await thrown(waiting.wait(told))).toBe(later.signal.reason);
  });
});

it.each<[string, () => unknown, string]>([
  ['without its scheme', () => new HordeClient({ ...options, facilitatorUrl: 'localhost:9000' }), 'http://'],
  ['of another scheme', () => new HordeClient({ ...options, facilitatorUrl: 'ftp://x/' }), 'http://'],
  ['that is a text', () => new HordeClient({ ...options, hotkey: 'a.json' as never }), 'a Keypair'],
])('a URL or a hotkey %s is refused at once', (_what, make, sentence) => {
  expect(make).toThrow(sentence);
});

it('an idempotency key that no header can carry is refused, and nothing is sent', async () => {
  const creation = client.createJob(spec, { idempotencyKey: 'ключ' });
  expect(await thrown(creation)).toMatchObject({ code: 'BAD_OPTION' });
  expect(facilitator.seen).toEqual([]);
});

it('a look whose answer is lost is repeated', async () => {
  prepare('cut', [200, job([entry('sent')])]);
  expect((await client.getJob(uuid)).uuid).toBe(uuid);
});

it('all jobs are read page by page', async () => {
  const page = (next: string | null) =>
    JSON.stringify({ count: 2, next, previous: null, results: [JSON.parse(job([entry('sent')]))] });
  prepare([200, page('http://x/?page=2')], [200, page(null)]);
  const jobs = [];
  for await (const one of client.iterateJobs()) jobs.push(one.uuid);
  expect(jobs).toEqual([uuid, uuid]);
  expect(facilitator.seen.map(({ line }) => line)).toEqual([
    'GET /api/v1/jobs/?cursor=&page_size=10',
    'GET /api/v1/jobs/?page=2&page_size=10',
  ]);
});

describe('jobs that are too large to be read together', () => {
  const page = (jobs: string[], isLast = false): Answer => [
    200,
    `{"count":0,"next":${isLast ? 'null' : '"x"'},"previous":null,"results":[${jobs.join(',')}]}`,
  ];
  const large = job([entry('completed')], { stdout: 'x'.repeat(3_000) });
  const small = job([entry('completed')]);

  beforeEach(() => {
    const { facilitatorUrl, hotkey } = options;
    client = new HordeClient({ facilitatorUrl, hotkey, validatorHotkey: hotkey.address, maxAnswer: 4_000 });
  });

  it('are walked through one by one, and the others by tens', async () => {
    prepare(page([small, small]), page([large, large]), page([large]), page([large], true));
    const sizes: number[] = [];
    for await (const { result } of client.iterateJobs()) sizes.push(result!.stdout.length);
    expect(sizes).toEqual([0, 0, 3_000, 3_000]);
    expect(facilitator.seen.map(({ line }) => line)).toEqual([
      'GET /api/v1/jobs/?cursor=&page_size=10',
      'GET /api/v1/jobs/?page=2&page_size=10',
      'GET /api/v1/jobs/?page=11&page_size=1',
      'GET /api/v1/jobs/?page=12&page_size=1',
    ]);
  });

  it('are an error that says so when they are asked for together, and are not asked for again', async () => {
    prepare(page([large, large]));
    expect(await thrown(client.getJobs())).toMatchObject({ code: 'TOO_LARGE', retryable: false });
    expect(facilitator.seen).toHaveLength(1);
  });
});
