import { describe, expect, it } from 'vitest';
import {
  complaintOf,
  facilitatorToValidator,
  GenericError,
  JobFailed,
  make,
  minerToValidator,
  ShapeError,
  signedFieldsOf,
  signedFieldsPayload,
  toJson,
  validatorSignatureText,
  validatorToFacilitator,
  validatorToMiner,
  writeFrame,
  type NewJob,
} from '../index.ts';

const uuid = '7c2d0f34-9f1e-4e0f-8a77-0d9f4f6c1a01';
const newJob = {
  signature: {
    signature_type: 'bittensor',
    signatory: '5E',
    timestamp_ns: 1700000000000000001n,
    signature: 'x',
    signature_scope: 'SignedFields',
  },
  message_type: 'V2JobRequest',
  uuid,
  executor_class: 'always_on.test',
  docker_image: 'alpine',
  args: ['echo'],
  env: { '10': 'x', '9': 'y' },
  download_time_limit: 1,
  execution_time_limit: 2,
  upload_time_limit: 3,
  streaming_start_time_limit: 4,
};
const text = (value: unknown) =>
  JSON.stringify(value, (_key, v: unknown) => (typeof v === 'bigint' ? `@${v}@` : v)).replace(
    /"@(\d+)@"/g,
    '$1',
  );

describe('a frame that a peer sent', () => {
  it('keeps a time in nanoseconds to the digit', () => {
    const { message } = facilitatorToValidator.read(text(newJob));
    expect((message as NewJob).signature!.timestamp_ns).toBe(1700000000000000001n);
    expect(writeFrame(message)).toContain('"timestamp_ns":1700000000000000001');
  });

  it('fills what was left out with the defaults, and writes every field', () => {
    const { message } = facilitatorToValidator.read(text(newJob));
    expect([...toJson(message).keys()]).toEqual([
      'signature',
      'type',
      'message_type',
      'uuid',
      'job_namespace',
      'executor_class',
      'docker_image',
      'args',
      'env',
      'use_gpu',
      'volume',
      'output_upload',
      'artifacts_dir',
      'on_trusted_miner',
      'download_time_limit',
      'execution_time_limit',
      'upload_time_limit',
      'streaming_start_time_limit',
      'streaming_details',
    ]);
  });

  it('is refused with the path of what is wrong', () => {
    const wrong = {
      ...newJob,
      volume: { volume_type: 'multi_volume', volumes: [{ volume_type: 'single_file', url: 5 }] },
    };
    expect(() => facilitatorToValidator.read(text(wrong))).toThrow(
      'volume.volumes.0.url: must be a string; volume.volumes.0.relative_path: is required',
    );
  });

  it('with an unknown key is refused on the facilitator link and read on the others', () => {
    expect(() => facilitatorToValidator.read(text({ ...newJob, extra: 1 }))).toThrow(
      'extra: is not a known field',
    );
    const frame = text({ message_type: 'V0AcceptJobRequest', job_uuid: uuid, extra: 1 });
    expect(writeFrame(minerToValidator.read(frame).message)).toBe(
      `{"message_type":"V0AcceptJobRequest","job_uuid":"${uuid}"}`,
    );
  });

  it('of another direction is refused', () => {
    expect(() => validatorToMiner.read('{"message_type":"V0AcceptJobRequest","job_uuid":"x"}')).toThrow(
      ShapeError,
    );
  });
});

it('a complaint is logged without the frame that it quotes', () => {
  const says = (details: string | null) => complaintOf(make(GenericError, { details }));
  expect(says('Malformed message: raw={"env":{"TOKEN":"s3cret"}}')).toBe('Malformed message: raw=');
  expect(
    says("1 validation error for V0JobRequest\nenv\n  Field required [type=missing, input='s3cret']"),
  ).toBe('1 validation error for V0JobRequest\nenv\n  Field required');
  expect(says('x'.repeat(1_000))).toHaveLength(300);
  expect(says(null)).toBe('no reason given');
});

describe('the failure messages of older executors', () => {
  const read = (fields: object) =>
    minerToValidator.read(text({ message_type: 'V0JobFailedRequest', job_uuid: uuid, ...fields }))
      .message as JobFailed;

  it('are read under their older names, and newer names win', () => {
    expect(read({ error_detail: 'old', error_type: 'timeout' })).toMatchObject({
      message: 'old',
      reason: 'timeout',
    });
    expect(read({ error_detail: 'old', message: 'new' }).message).toBe('new');
  });

  it('with a reason nobody knows are read as unknown', () => {
    expect(read({ reason: 'SECURITY_CHECK', stage: null })).toMatchObject({
      reason: 'unknown',
      stage: 'unknown',
    });
  });

  it('with an older word for a reason of today are read as that reason', () => {
    expect(read({ error_type: 'NONZERO_EXIT_STATUS' }).reason).toBe('nonzero_return_code');
  });

  it('without a detail, which they leave null, have an empty message; a newer name is never null', () => {
    expect(read({ error_detail: null, error_type: null })).toMatchObject({ message: '', reason: 'unknown' });
    expect(() => read({ message: null })).toThrow('message: must be a string');
  });
});

it.each(['not_specified', 'executor_failure', null])(
  'a decline of the oldest miners is read, with a reason that is no longer known: %s',
  (reason) => {
    const frame = { message_type: 'V0DeclineJobRequest', job_uuid: uuid, reason, receipts: [] };
    expect(minerToValidator.read(text(frame)).message).toMatchObject({ reason: 'unknown', message: '' });
  },
);

it('an old validator status is read, with metadata that newer peers do not have', () => {
  const frame = {
    message_type: 'V0JobStatusUpdate',
    uuid,
    status: 'frobnicated',
    metadata: { comment: 'hello' },
  };
  expect(validatorToFacilitator.read(text(frame)).message).toMatchObject({ status: 'unknown' });
});

it('a JobFailed is written under its newer names only', () => {
  const frame = writeFrame(
    make(JobFailed, { job_uuid: uuid, message: 'm', reason: 'timeout', stage: 'execution' }),
  );
  expect(frame).toBe(
    `{"message_type":"V0JobFailedRequest","job_uuid":"${uuid}","message":"m","reason":"timeout","stage":"execution",` +
      '"docker_process_exit_status":null,"docker_process_stdout":null,"docker_process_stderr":null,"context":null}',
  );
});

it('the validator signature covers keys that we do not know, and not itself', () => {
  const { json } = validatorToMiner.read(
    text({ zz: null, message_type: 'V0MainHotkeyMessage', validator_signature: '0x1', main_hotkey: null }),
  );
  expect(validatorSignatureText(json)).toBe(
    '{"main_hotkey":null,"message_type":"V0MainHotkeyMessage","zz":null}',
  );
});

it('the signed fields keep the order of env and unwrap the volumes', () => {
  const volume = {
    volume_type: 'multi_volume',
    volumes: [{ volume_type: 'single_file', url: 'https://a/f', relative_path: 'f' }],
  };
  const { message } = facilitatorToValidator.read(
    text({ ...newJob, volume, env: { B: '2', A: '1' } }).replace(
      '"env":{"B":"2","A":"1"}',
      '"env":{"10":"2","9":"1"}',
    ),
  );
  const payload = JSON.parse(
    Buffer.from(signedFieldsPayload(signedFieldsOf(message as NewJob))).toString(),
  ) as string;
  expect(payload).toContain('"env":{"10":"2","9":"1"}');
  expect(payload).toContain(
    '"volumes":[{"volume_type":"single_file","url":"https://a/f","relative_path":"f"}],"uploads":[]',
  );
  expect(payload).toContain('"artifacts_dir":"",');
});
