import { Keypair, requestDigest, verifyRequest } from '@horde/identity';
import { InlineVolume, make, SingleFilePut } from '@horde/protocol';
import { describe, expect, it } from 'vitest';
import { creationOf, type JobSpec } from './job-spec.ts';
import {
  httpUpload,
  httpVolume,
  huggingfaceVolume,
  inlineVolume,
  zipUrlVolume,
  type InputVolume,
} from './index.ts';

const validator = '5CDYBwxDZwXnYSp7E39Vy92MVbCMtcK2i953oRxDm9Veko7M';
const seed = Keypair.fromSeed(new Uint8Array(32).fill(7));
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

const minimal: JobSpec = {
  executorClass: 'always_on.llm.a6000',
  jobNamespace: 'SN123.0',
  dockerImage: 'alpine:latest',
  args: ['echo', 'hi'],
  downloadTimeLimit: 5,
  executionTimeLimit: 10,
  uploadTimeLimit: 5,
};

describe('what is signed for a job is what ComputeHorde signs', () => {
  it('for a minimal one, at two times', () => {
    const { payload } = creationOf(minimal, validator);
    expect(hex(requestDigest(1700000000000000001n, payload))).toBe(
      'd0ccc511072a866b15f0f3a77fde0e39835d585bfbd4e2e59f263ffab51a8fd5' +
        '5ed28288a13d366ef1f3a08d2e7c23147f912293a63d394f4db47815e5257b7b',
    );
    expect(hex(requestDigest(1700000000000000000n, payload))).toBe(
      'd226ccfae29464d643686189c00715e33d384a6bfe64dc778b76a09476d1257e' +
        '282f99805a2e9e5d5adc0bf1e6dad97a97df15a6170c1129d47f6222bdfdded8',
    );
  });

  it('so that a signature by its own library verifies', () => {
    const signature =
      'NGygvCwnlvTEy4dmeXMN4HLoryHqBELdywdKiSQ3WwKhHGUDyMVk0DB7ZKzdn0Sa4SnEJpuMQppSGOpVjUxHgQ==';
    const { payload } = creationOf(minimal, validator);
    expect(verifyRequest(seed.address, 1700000000000000001n, payload, signature)).toBe(true);
  });
});

describe('the body of a creation', () => {
  const body = async (spec: Partial<JobSpec>) => creationOf({ ...minimal, ...spec }, validator).body;

  it('has every limit, and a text for artifacts_dir even without one', async () => {
    expect(await body({})).toBe(
      `{"target_validator_hotkey":"${validator}","executor_class":"always_on.llm.a6000",` +
        '"docker_image":"alpine:latest","job_namespace":"SN123.0","args":["echo","hi"],"env":{},"use_gpu":true,"artifacts_dir":"",' +
        '"on_trusted_miner":false,"download_time_limit":5,"execution_time_limit":10,' +
        '"streaming_start_time_limit":5,"upload_time_limit":5}',
    );
  });

  it('keeps the order of variables whose names are numbers', async () => {
    expect(
      await body({
        env: new Map([
          ['10', 'a'],
          ['9', 'b'],
        ]),
      }),
    ).toContain('"env":{"10":"a","9":"b"}');
  });

  it('has volumes and uploads in their full form, at their paths', async () => {
    const text = await body({
      inputVolumes: {
        '/volume/d/f': httpVolume('https://a.example/f'),
        '/volume/z': zipUrlVolume('https://a.example/z.zip'),
        '/volume/m': huggingfaceVolume('a/b'),
      },
      outputVolumes: { '/output/o.bin': httpUpload('https://b.example/o') },
      volumes: [make(InlineVolume, { contents: 'UEs=' })],
      uploads: [make(SingleFilePut, { url: 'https://b.example/p', relative_path: 'p' })],
    });
    expect(JSON.parse(text)).toMatchObject({
      volumes: [
        { volume_type: 'single_file', url: 'https://a.example/f', relative_path: 'd/f' },
        { volume_type: 'zip_url', contents: 'https://a.example/z.zip', relative_path: 'z' },
        {
          volume_type: 'huggingface_volume',
          repo_id: 'a/b',
          repo_type: null,
          revision: null,
          relative_path: 'm',
          allow_patterns: null,
          token: null,
        },
        { volume_type: 'inline', contents: 'UEs=', relative_path: null },
      ],
      uploads: [
        {
          output_upload_type: 'single_file_put',
          url: 'https://b.example/o',
          relative_path: 'o.bin',
          signed_headers: null,
        },
        {
          output_upload_type: 'single_file_put',
          url: 'https://b.example/p',
          relative_path: 'p',
          signed_headers: null,
        },
      ],
    });
  });

  it('is not made of what only types would have refused', async () => {
    const refused = (inputVolumes: JobSpec['inputVolumes']) => () =>
      creationOf({ ...minimal, inputVolumes }, validator);
    const promise = inlineVolume({ a: 'b' }) as unknown as InputVolume;
    expect(refused({ '/volume/a': promise })).toThrow('"/volume/a" is a promise: await it first.');
    await expect(inlineVolume({ '../a': '' })).rejects.toMatchObject({ code: 'BAD_JOB_SPEC' });
  });

  it('carries inline files as a ZIP archive', async () => {
    const text = await body({ inputVolumes: { '/volume/in': await inlineVolume({ 'a.txt': 'hello' }) } });
    const [volume] = (JSON.parse(text) as { volumes: { contents: string; relative_path: string }[] }).volumes;
    expect(Buffer.from(volume!.contents, 'base64').subarray(0, 4)).toEqual(Buffer.from('PK\u0003\u0004'));
    expect(volume!.relative_path).toBe('in');
  });

  it.each([
    [{ inputVolumes: { '/data/x': httpVolume('https://a.example/f') } }, '"/data/x" cannot be mounted'],
    [{ outputVolumes: { '/volume/x': httpUpload('https://a.example/f') } }, 'has to begin with /output/'],
  ])('refuses a path outside of its folder: %j', (spec, sentence) => {
    expect(() => creationOf({ ...minimal, ...spec }, validator)).toThrow(sentence);
  });
});
