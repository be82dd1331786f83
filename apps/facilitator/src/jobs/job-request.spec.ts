import { randomUUID } from 'node:crypto';
import { requestDigest } from '@horde/identity';
import {
  facilitatorToValidator,
  make,
  parseJson,
  RequestSignature,
  signedFieldsPayload,
  writeFrame,
  type JsonObject,
} from '@horde/protocol';
import { Refusal } from '@horde/rest';
import { describe, expect, it } from 'vitest';
import { jobBody } from '../testing/user.ts';
import { newJob, readJobRequest, signedFieldsOfRequest } from './job-request.ts';

const validator = '5CDYBwxDZwXnYSp7E39Vy92MVbCMtcK2i953oRxDm9Veko7M';
const read = (text: string) => readJobRequest(parseJson(text) as JsonObject);
const numbered = (count: number): [string, string][] =>
  Array.from({ length: count }, (_, index) => [`a${index}`, '']);
const refused = (body: object): unknown => {
  try {
    return read(JSON.stringify(body));
  } catch (error) {
    return error instanceof Refusal ? [error.status, error.body] : error;
  }
};

// Streaming, volumes of two kinds, an upload, and text in which ASCII, raw and surrogate escapes all differ.
const complex =
  '{"executor_class":"always_on.test","docker_image":"alpine","args":["sh","-c","echo \\"h\\u00e9 \\u2028\\u007f\\ud83d\\ude00\\"\\n"],' +
  '"env":{"B":"2","A":"1"},"use_gpu":true,"artifacts_dir":"/artifacts","on_trusted_miner":true,"download_time_limit":1,' +
  '"execution_time_limit":2,"upload_time_limit":3,"streaming_start_time_limit":4,"streaming_details":{"public_key":"PEM\\n"},' +
  '"volumes":[{"volume_type":"inline","contents":"UEs=","relative_path":"v"},{"volume_type":"huggingface_volume","repo_id":"a/b",' +
  '"repo_type":null,"revision":null,"relative_path":"m","allow_patterns":null,"token":null}],"uploads":[{"output_upload_type":' +
  '"single_file_put","url":"https://e.x/q","relative_path":"p.txt","signed_headers":null}],' +
  `"target_validator_hotkey":"${validator}"}`;

it('the signed text of a complex body is the one that ComputeHorde signs', () => {
  const body = parseJson(complex) as JsonObject;
  const payload = signedFieldsPayload(signedFieldsOfRequest(readJobRequest(body), body));
  expect(payload).toHaveLength(825);
  expect(Buffer.from(requestDigest(1_700_000_000_000_000_000n, payload)).toString('hex')).toBe(
    '5e93736ff33a5dd9eb5794b09af28ca8c10f74599babfee16d30766a35608fc1' +
      '3efa2438faf1d26f3331afcc8cfff1ce65a5745cb9a58004ef2ec2581650af37',
  );
});

describe('a body that only Python would call unusual is read', () => {
  it('with numbers as texts, missing optional fields and unknown ones', () => {
    const limits = {
      download_time_limit: '1',
      execution_time_limit: 2,
      streaming_start_time_limit: '3.0',
      upload_time_limit: 4,
    };
    expect(read(JSON.stringify({ target_validator_hotkey: validator, ...limits, unknown: 1 }))).toEqual({
      target_validator_hotkey: validator,
      executor_class: 'spin_up-4min.gpu-24gb',
      docker_image: '',
      job_namespace: null,
      args: [],
      env: new Map(),
      use_gpu: false,
      artifacts_dir: '',
      on_trusted_miner: false,
      download_time_limit: 1,
      execution_time_limit: 2,
      streaming_start_time_limit: 3,
      upload_time_limit: 4,
      streaming_client_cert: null,
      volumes: [],
      uploads: [],
      tag: '',
    });
  });

  it('with artifacts_dir null, which the Python SDK sends by default', () => {
    expect(read(JSON.stringify(jobBody(validator, { artifacts_dir: null }))).artifacts_dir).toBe('');
  });

  it('with spaces at the ends of texts, which are kept', () => {
    const { artifacts_dir, args } = read(
      JSON.stringify(jobBody(validator, { artifacts_dir: ' /a ', args: [' a ', ' '] })),
    );
    expect([artifacts_dir, args]).toEqual([' /a ', [' a ', ' ']]);
  });
});

describe('every job that is taken', () => {
  const long = 'é'.repeat(131_070 / 2);

  it.each<[string, object]>([
    [
      'with texts as long as they may be',
      { docker_image: 'x'.repeat(255), artifacts_dir: '\u{1f600}'.repeat(255) },
    ],
    ['with a namespace as long as it may be', { job_namespace: '\u{1f600}'.repeat(100) }],
    ['without an image', { docker_image: '' }],
    ...[
      'localhost:5000/a/b_c.d--e:V1.2_x',
      `[::1]:5000/a@sha256:${'0'.repeat(64)}`,
      `ghcr.io/a/b:1@sha256:${'a'.repeat(64)}`,
      `sha256:${'b'.repeat(64)}`,
    ].map((docker_image): [string, object] => [`of the image ${docker_image}`, { docker_image }]),
    ['with limits as long as they may be', { download_time_limit: 604_800, upload_time_limit: 0 }],
    ['with an argument and a variable as long as they may be', { args: [long], env: { A: long.slice(2) } }],
    ['with as many variables as it may have', { env: Object.fromEntries(numbered(10_000)) }],
    ['with as many arguments as it may have', { args: numbered(100_000).map(([name]) => name) }],
  ])('can be read by a validator: %s', (_what, more) => {
    const request = read(JSON.stringify(jobBody(validator, more)));
    const frame = writeFrame(newJob(randomUUID(), request, make(RequestSignature, { signature: '' })));
    expect(facilitatorToValidator.read(frame).message.message_type).toBe('V2JobRequest');
  });

  it.each<[string, object]>([
    ['env', { env: Object.fromEntries(numbered(10_001)) }],
    ['args', { args: numbered(100_001).map(([name]) => name) }],
    ['volumes', { volumes: Array.from({ length: 1_001 }, () => ({ volume_type: 'inline', contents: '' })) }],
    ['uploads', { uploads: numbered(1_001) }],
  ])('has no more in %s than a validator reads', (field, more) => {
    expect(refused(jobBody(validator, more))).toEqual([
      400,
      { [field]: [expect.stringMatching(/^Ensure this field has no more than 10+ elements\.$/)] },
    ]);
  });
});

describe('a wrong field is named, in the words users know', () => {
  it.each<[object, unknown]>([
    [{ target_validator_hotkey: undefined }, { target_validator_hotkey: ['This field is required.'] }],
    [{ target_validator_hotkey: '' }, { target_validator_hotkey: ['This field may not be blank.'] }],
    [{ executor_class: 'x' }, { executor_class: ['"x" is not a valid choice.'] }],
    [{ executor_class: null }, { executor_class: ['This field may not be null.'] }],
    [
      { docker_image: 'x'.repeat(256) },
      { docker_image: ['Ensure this field has no more than 255 characters.'] },
    ],
    [{ docker_image: 'a\0' }, { docker_image: ['Null characters are not allowed.'] }],
    ...['../..', ' alpine', 'alpine\n', 'Alpine', 'https://a.example/b', 'a:b:c', '-v', 'a//b', 'a b'].map(
      (docker_image): [object, unknown] => [
        { docker_image },
        { docker_image: ['Docker knows no images of such a name.'] },
      ],
    ),
    [
      { job_namespace: 'x'.repeat(101) },
      { job_namespace: ['Ensure this field has no more than 100 characters.'] },
    ],
    [{ args: 'a' }, { args: ['Expected a list of items but got type "str".'] }],
    [{ args: null }, { args: ['This field may not be null.'] }],
    [
      { args: ['a', '', 5, null] },
      {
        args: {
          1: ['This field may not be blank.'],
          2: ['Not a valid string.'],
          3: ['This field may not be null.'],
        },
      },
    ],
    [{ env: ['a'] }, { env: ['Expected a dictionary of items but got type "list".'] }],
    [{ env: { A: 1, B: '' } }, { env: { A: ['Not a valid string.'] } }],
    [{ env: { A: '\0' } }, { env: { A: ['Null characters are not allowed.'] } }],
    [
      { env: { '': 'a', 'LD_PRELOAD=x': 'b', C: 'c' } },
      { env: { '': ['A name may not be blank.'], 'LD_PRELOAD=x': ['A name has no "=".'] } },
    ],
    [
      { env: { A: 'x'.repeat(131_069) }, args: ['a', 'é'.repeat(65_536)] },
      {
        env: { A: ['Ensure this field has no more than 131070 bytes.'] },
        args: { 1: ['Ensure this field has no more than 131070 bytes.'] },
      },
    ],
    [
      { env: { value: 1, problem: 2 } },
      { env: { value: ['Not a valid string.'], problem: ['Not a valid string.'] } },
    ],
    [{ use_gpu: 'perhaps' }, { use_gpu: ['Must be a valid boolean.'] }],
    [
      { execution_time_limit: -1, upload_time_limit: '-1' },
      {
        execution_time_limit: ['Ensure this value is greater than or equal to 0.'],
        upload_time_limit: ['Ensure this value is greater than or equal to 0.'],
      },
    ],
    [{ execution_time_limit: 1.5 }, { execution_time_limit: ['A valid integer is required.'] }],
    [
      { execution_time_limit: 604_801, download_time_limit: 2 ** 31 },
      {
        execution_time_limit: ['Ensure this value is less than or equal to 604800.'],
        download_time_limit: ['Ensure this value is less than or equal to 604800.'],
      },
    ],
    [{ execution_time_limit: null }, { execution_time_limit: ['This field may not be null.'] }],
    [
      { streaming_details: 'x' },
      { streaming_details: ['Expected a dictionary of items but got type "str".'] },
    ],
    [{ streaming_details: null }, { streaming_details: ['This field may not be null.'] }],
    [{ streaming_details: {} }, { streaming_details: { public_key: ['This field is required.'] } }],
    [{ volumes: null }, { volumes: ['This field may not be null.'] }],
    [
      { volumes: 'x' },
      {
        volumes: [
          expect.objectContaining({
            type: 'json_invalid',
            loc: [],
            input: 'x',
            msg: expect.stringMatching(/^Invalid JSON: /),
          }),
        ],
      },
    ],
    [{ volumes: '[]' }, { volumes: [expect.objectContaining({ type: 'list_type', loc: [], input: '[]' })] }],
    [
      { volumes: [{ volume_type: 'single_file', url: 'https://e.x/a' }] },
      {
        volumes: [
          {
            type: 'missing',
            loc: ['0', 'single_file', 'relative_path'],
            msg: 'Field required',
            input: { volume_type: 'single_file', url: 'https://e.x/a' },
            url: 'https://errors.pydantic.dev/2.10/v/missing',
          },
        ],
      },
    ],
    [
      { volumes: [{ volume_type: 'huggingface_volume', repo_id: 'a/b', allow_patterns: { a: 1 } }] },
      {
        volumes: [
          expect.objectContaining({
            type: 'value_error',
            loc: ['0', 'huggingface_volume', 'allow_patterns'],
            msg: 'must be a string or a list of strings',
            input: { a: 1 },
          }),
        ],
      },
    ],
    [
      { uploads: [{ output_upload_type: 'single_file_put', url: 'https://e.x/a', relative_path: '../x' }] },
      {
        uploads: [
          expect.objectContaining({
            type: 'value_error',
            loc: ['0', 'single_file_put', 'relative_path'],
            input: '../x',
          }),
        ],
      },
    ],
    [
      { uploads: [{ output_upload_type: 'zip_and_http_put', url: 'https://e.x/a' }] },
      {
        uploads: [
          expect.objectContaining({
            type: 'union_tag_invalid',
            loc: ['0'],
            msg: 'output_upload_type must be one of single_file_post, single_file_put',
            ctx: {
              discriminator: "'output_upload_type'",
              tag: 'zip_and_http_put',
              expected_tags: "'single_file_post', 'single_file_put'",
            },
          }),
        ],
      },
    ],
  ])('%j', (more, errors) => {
    expect(refused(jobBody(validator, more))).toEqual([400, errors]);
  });
});
