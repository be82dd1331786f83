import { Keypair } from '@horde/identity';
import { maxBody } from '@horde/rest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ScriptedValidator } from '@horde/testing/facilitator-validator/scripted-validator';
import { startFacilitator, type RunningFacilitator } from '../testing/running-facilitator.ts';
import { ask, jobBody, postJson, signatureHeaders, tokenOf, type Answer } from '../testing/user.ts';

const validatorKey = Keypair.generate();
const absentValidator = Keypair.generate().address;
const nobody = Keypair.generate().address;
let facilitator: RunningFacilitator;
let validator: ScriptedValidator;
let url: string;
let token: string;

beforeAll(async () => {
  facilitator = await startFacilitator([validatorKey.address, absentValidator]);
  url = facilitator.url;
  token = await tokenOf(url, facilitator.user);
  validator = await ScriptedValidator.logIn(url, validatorKey);
});
afterAll(() => facilitator.stop());

const bearer = () => ({ authorization: `Bearer ${token}` });
const create = (body: object | string, headers: Record<string, string> = {}): Promise<Answer> => {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return postJson(`${url}/api/v1/job-docker/`, text, {
    ...bearer(),
    ...signatureHeaders(facilitator.user, text),
    ...headers,
  });
};
const get = (path: string) => ask(`${url}/api/v1/${path}`, { headers: bearer() });

const volumes = [{ volume_type: 'single_file', url: 'https://a.example/f', relative_path: 'd/f' }];
const uploads = [
  {
    output_upload_type: 'single_file_put',
    url: 'https://b.example/o',
    relative_path: 'o',
    signed_headers: null,
  },
];

describe('a job that is created', () => {
  it('is answered with its resource, keys and forms as in ComputeHorde', async () => {
    const { status, text, headers, json } = await create(jobBody(validatorKey.address, { volumes, uploads }));
    expect([status, headers.get('content-type')]).toEqual([201, 'application/json; charset=utf-8']);
    const time = json.created_at as string;
    expect(time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
    expect(text).toBe(
      JSON.stringify({
        uuid: json.uuid,
        executor_class: 'always_on.test',
        created_at: time,
        last_update: time,
        status: 'Sent',
        docker_image: 'alpine',
        job_namespace: 'SN1.0',
        args: ['echo', 'hi'],
        env: { A: '1' },
        use_gpu: true,
        tag: '',
        stdout: '',
        stderr: '',
        volumes,
        uploads,
        artifacts: {},
        artifacts_dir: '/artifacts',
        target_validator_hotkey: validatorKey.address,
        on_trusted_miner: false,
        upload_results: {},
        download_time_limit: 1,
        execution_time_limit: 2,
        streaming_start_time_limit: 3,
        upload_time_limit: 4,
        streaming_client_cert: '',
        streaming_server_cert: '',
        streaming_server_address: '',
        streaming_server_port: 0,
        status_history: [{ status: 'sent', metadata: {}, created_at: time }],
      }),
    );
    await validator.nextJob();
  });

  it('is answered with what it is read as later, to the letter', async () => {
    const body = jobBody(validatorKey.address, {
      volumes,
      uploads,
      tag: 'a "b"\n\u2028é',
      args: ['x'.repeat(20_000)],
      job_namespace: null,
      streaming_details: { public_key: 'PEM' },
    });
    const created = await create(body);
    expect((await get(`jobs/${created.json.uuid}/`)).text).toBe(created.text);
    await validator.nextJob();
  });

  it('reaches its validator as ComputeHorde words it, with the signature to the digit', async () => {
    const body = jobBody(validatorKey.address, {
      volumes,
      uploads,
      streaming_details: { public_key: 'PEM' },
    });
    const signature = signatureHeaders(facilitator.user, JSON.stringify(body));
    const { json } = await create(body, signature);
    expect(await validator.nextText()).toBe(
      `{"signature":{"signature_type":"bittensor","signatory":"${facilitator.user.address}","timestamp_ns":${signature['x-ch-timestamp-ns']},` +
        `"signature":"${signature['x-ch-signature']}","signature_scope":"SignedFields"},"type":"job.new","message_type":"V2JobRequest",` +
        `"uuid":"${json.uuid}","job_namespace":"SN1.0","executor_class":"always_on.test","docker_image":"alpine","args":["echo","hi"],` +
        `"env":{"A":"1"},"use_gpu":true,"volume":{"volume_type":"multi_volume","volumes":${JSON.stringify(volumes)}},` +
        `"output_upload":{"output_upload_type":"multi_upload","uploads":${JSON.stringify(uploads)},"system_output":null},` +
        '"artifacts_dir":"/artifacts","on_trusted_miner":false,"download_time_limit":1,"execution_time_limit":2,' +
        '"upload_time_limit":4,"streaming_start_time_limit":3,"streaming_details":{"public_key":"PEM","executor_ip":null}}',
    );
  });

  it('keeps the order of variables whose names are numbers', async () => {
    const text = JSON.stringify(jobBody(validatorKey.address)).replace('{"A":"1"}', '{"10":"a","9":"b"}');
    expect((await create(text)).text).toContain('"env":{"10":"a","9":"b"}');
    expect(await validator.nextText()).toContain('"env":{"10":"a","9":"b"}');
  });

  it('with artifacts_dir null has none', async () => {
    expect((await create(jobBody(validatorKey.address, { artifacts_dir: null }))).json.artifacts_dir).toBe(
      '',
    );
    expect((await validator.nextJob()).artifacts_dir).toBeNull();
  });
});

describe('the same creation once more', () => {
  it('is the same job, and the validator gets it once', async () => {
    const body = jobBody(validatorKey.address, { tag: 'again' });
    const headers = signatureHeaders(facilitator.user, JSON.stringify(body));
    const answers = [
      ...(await Promise.all([1, 2, 3, 4].map(() => create(body, headers)))),
      await create(body, headers),
    ];
    expect(new Set(answers.map(({ status, json }) => `${status} ${json.uuid}`)).size).toBe(1);
    const [entry] = (await get('jobs/?tag=again')).json.results;
    expect(entry.uuid).toBe(answers[0]!.json.uuid);
    expect((await validator.nextJob()).uuid).toBe(entry.uuid);
    expect(await validator.settle()).toEqual([]);
  });

  it('with another signature is another job', async () => {
    const body = jobBody(validatorKey.address);
    const [one, other] = [await create(body), await create(body)];
    expect(one.json.uuid).not.toBe(other.json.uuid);
    await Promise.all([validator.nextJob(), validator.nextJob()]);
  });
});

describe('a creation is refused', () => {
  const body = jobBody(validatorKey.address);
  const unsigned = { error: 'Signature not found', details: 'Request signature not found, but is required' };
  const invalid = (details: string) => ({ error: 'Invalid signature provided', details });

  it.each<[string, Record<string, string>, object]>([
    ['without a signature', { 'x-ch-signature': '' }, unsigned],
    ['with a time that is no number', { 'x-ch-timestamp-ns': 'now' }, unsigned],
    ['with an unknown scope', { 'x-ch-signature-scope': 'Half' }, unsigned],
    [
      'with a signature of something else',
      { 'x-ch-signature': Buffer.alloc(64, 1).toString('base64') },
      invalid('Signature is invalid'),
    ],
    [
      'with a signature of another time',
      { 'x-ch-timestamp-ns': '1700000000000000002' },
      invalid('Signature is invalid'),
    ],
    ['with the signature of another', { 'x-ch-signatory': absentValidator }, invalid('Signature is invalid')],
    ['with a signature that is too short', { 'x-ch-signature': 'AAAA' }, invalid('Signature is malformed')],
    ['with a time before time', { 'x-ch-timestamp-ns': '-1' }, invalid('Signature is malformed')],
    [
      'with a time after all time',
      { 'x-ch-timestamp-ns': '18446744073709551616' },
      invalid('Signature is malformed'),
    ],
    [
      'with a signatory that is none',
      { 'x-ch-signatory': 'x' },
      invalid('Invalid signatory for BittensorWalletVerifier'),
    ],
  ])('%s', async (_name, headers, json) => {
    expect(await create(body, headers)).toMatchObject({ status: 400, json });
  });

  it.each<[string, string | object, number, unknown]>([
    ['that is not JSON', '{', 400, { detail: expect.stringMatching(/^JSON parse error - /) }],
    [
      'that is a list',
      '[]',
      400,
      { non_field_errors: ['Invalid data. Expected a dictionary, but got list.'] },
    ],
    ['that is empty', '', 400, expect.objectContaining({ upload_time_limit: ['This field is required.'] })],
    ['with wrong fields', { ...body, args: [''] }, 400, { args: { 0: ['This field may not be blank.'] } }],
    ['with a number for a text', { ...body, env: { A: 1 } }, 400, { env: { A: ['Not a valid string.'] } }],
    [
      'that is too large',
      { ...body, args: ['x'.repeat(maxBody)] },
      400,
      { detail: `The body is larger than ${maxBody} bytes.` },
    ],
    [
      'for a validator nobody knows',
      { ...body, target_validator_hotkey: nobody },
      400,
      [`Could not select Validator: this facilitator knows no validator ${nobody}.`],
    ],
    [
      'for a validator that is not connected',
      { ...body, target_validator_hotkey: absentValidator },
      400,
      [`Could not select Validator: ${absentValidator} has not connected to this facilitator yet.`],
    ],
  ])('with a body %s', async (_name, wrong, status, json) => {
    expect(await create(wrong)).toMatchObject({ status, json });
  });

  it('without a login', async () => {
    expect((await create(body, { authorization: '' })).status).toBe(401);
  });

  it('with a body of another type', async () => {
    expect(await create(body, { 'content-type': 'text/plain' })).toMatchObject({
      status: 415,
      json: { detail: 'Unsupported media type "text/plain" in request.' },
    });
  });
});

describe('a job that is looked for', () => {
  it('is found by its owner alone', async () => {
    const { json } = await create(jobBody(validatorKey.address));
    await validator.nextJob();
    expect((await get(`jobs/${json.uuid}/`)).json).toEqual(json);
    const other = await startFacilitator([], {
      databaseUrl: (facilitator.database.dataSource.options as { url: string }).url,
    });
    const foreign = { authorization: `Bearer ${await tokenOf(other.url, other.user)}` };
    expect(await ask(`${other.url}/api/v1/jobs/${json.uuid}/`, { headers: foreign })).toMatchObject({
      status: 404,
      json: { detail: 'No Job matches the given query.' },
    });
    await other.stop();
  });

  it.each([
    ['11111111-1111-4111-8111-111111111111', 'No Job matches the given query.'],
    ['bad', 'Not found.'],
  ])('under %s is not found', async (uuid, detail) => {
    expect(await get(`jobs/${uuid}/`)).toMatchObject({ status: 404, json: { detail } });
  });
});

describe('the list of jobs', () => {
  beforeAll(async () => {
    for (let number = 0; number < 3; number++) {
      await create(jobBody(validatorKey.address, { tag: 'listed', args: [String(number)] }));
      await validator.nextJob();
    }
  });

  it('has the newest first, and links to its other pages', async () => {
    const first = (await get('jobs/?tag=listed&page_size=2')).json;
    expect(first).toMatchObject({
      count: 3,
      previous: null,
      next: `${url}/api/v1/jobs/?page=2&page_size=2&tag=listed`,
    });
    expect(first.results.map(({ args }: { args: string[] }) => args[0])).toEqual(['2', '1']);
    const forged = { ...bearer(), 'x-forwarded-host': 'thief.example', forwarded: 'host=thief.example' };
    expect((await ask(`${url}/api/v1/jobs/?tag=listed&page_size=2`, { headers: forged })).json.next).toBe(
      first.next,
    );
    const second = (await ask(first.next, { headers: bearer() })).json;
    expect(second).toMatchObject({ next: null, previous: `${url}/api/v1/jobs/?page_size=2&tag=listed` });
    expect(second.results.map(({ args }: { args: string[] }) => args[0])).toEqual(['0']);
  });

  it('can be asked for single jobs', async () => {
    const [one, two] = (await get('jobs/?tag=listed')).json.results;
    const { json } = await get(`jobs/?uuid=${one.uuid}&uuid=${two.uuid}`);
    expect(json.results.map(({ uuid }: { uuid: string }) => uuid)).toEqual([one.uuid, two.uuid]);
  });

  it.each(['0', '-1', 'x', '999'])('has no page %s', async (page) => {
    expect(await get(`jobs/?page=${page}`)).toMatchObject({ status: 404, json: { detail: 'Invalid page.' } });
  });

  it.each(['0', '-1', 'x'])('of pages of %s jobs has pages of ten', async (size) => {
    expect((await get(`jobs/?page_size=${size}`)).json.results.length).toBe(10);
  });

  it('says what is wrong with a uuid', async () => {
    expect(await get('jobs/?uuid=bad')).toMatchObject({
      status: 400,
      json: { uuid: ['"bad" is not a valid UUID.'] },
    });
  });
});

it('an address that does not exist is answered in JSON', async () => {
  expect(await ask(`${url}/nowhere`)).toMatchObject({ status: 404, json: { detail: 'Not found.' } });
});
