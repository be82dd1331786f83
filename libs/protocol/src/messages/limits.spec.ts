import { describe, expect, it } from 'vitest';
import {
  executorToMiner,
  facilitatorToValidator,
  minerToValidator,
  readObject,
  parseJson,
  requireHandlers,
  ShapeError,
  StatusMetadata,
  validatorToMiner,
  writeCompact,
  toJsonValue,
} from '../index.ts';

const uuid = '7c2d0f34-9f1e-4e0f-8a77-0d9f4f6c1a01';
const frame = (value: object) => writeCompact(toJsonValue(value));
const many = (count: number, item: (index: number) => unknown) =>
  Array.from({ length: count }, (_, i) => item(i));

const jobRequest = {
  message_type: 'V0JobRequest',
  job_uuid: uuid,
  executor_class: 'always_on.test',
  docker_image: 'i',
  docker_run_options_preset: 'none',
  docker_run_cmd: [] as string[],
};

describe('too much of anything is one clear sentence:', () => {
  it.each([
    [
      'a long uuid',
      { ...jobRequest, job_uuid: 'x'.repeat(101) },
      'job_uuid: must have at most 100 characters',
    ],
    [
      'a long list',
      { ...jobRequest, docker_run_cmd: many(100_001, () => '') },
      'docker_run_cmd: must contain no more than 100000 elements',
    ],
    [
      'a large object',
      { ...jobRequest, env: Object.fromEntries(many(10_001, (i) => [`k${i}`, '']) as [string, string][]) },
      'env: must have at most 10000 entries',
    ],
    [
      'many volumes',
      {
        ...jobRequest,
        volume: {
          volume_type: 'multi_volume',
          volumes: many(1_001, () => ({ volume_type: 'inline', contents: '' })),
        },
      },
      'volume.volumes: must contain no more than 1000 elements',
    ],
    [
      'many patterns',
      {
        ...jobRequest,
        volume: {
          volume_type: 'huggingface_volume',
          repo_id: 'a/b',
          allow_patterns: many(10_001, () => 'x'),
        },
      },
      'volume.allow_patterns: must have at most 10000 entries',
    ],
  ])('%s', (_what, message, sentence) => {
    expect(() => validatorToMiner.read(frame(message))).toThrow(sentence);
  });

  it('many mistakes at once are named up to a number', () => {
    const volumes = many(1_000, () => ({ volume_type: 'single_file' }));
    const message = frame({ ...jobRequest, volume: { volume_type: 'multi_volume', volumes } });
    const error = (() => {
      try {
        validatorToMiner.read(message);
        return null;
      } catch (thrown) {
        return thrown as ShapeError;
      }
    })();
    expect(error).toBeInstanceOf(ShapeError);
    expect(error!.problems).toHaveLength(20);
  });

  it('a deep context is refused where a shallow one is kept', () => {
    const failed = (context: string) =>
      executorToMiner.read(`{"message_type":"V0JobFailedRequest","job_uuid":"${uuid}","context":${context}}`);
    const nested = (depth: number) => '{"a":'.repeat(depth) + '1' + '}'.repeat(depth);
    expect(() => failed(nested(60))).not.toThrow();
    expect(() => failed(nested(100))).toThrow('nested deeper than 64 levels');
  });
});

describe('what has to be an object is refused as anything else:', () => {
  it.each(['[]', '"text"', '5'])('a context of %s', (context) => {
    expect(() =>
      executorToMiner.read(`{"message_type":"V0JobFailedRequest","job_uuid":"u","context":${context}}`),
    ).toThrow('context: must be an object');
  });
});

it('a manifest with a class that nobody knows is refused, as ComputeHorde does', () => {
  const manifest = (text: string) =>
    minerToValidator.read(`{"message_type":"V0ExecutorManifestRequest","manifest":${text}}`);
  expect(() => manifest('{"always_on.test":"2","always_on.gpu-24gb":1.0}')).not.toThrow();
  expect(() => manifest('{"always_on.future":1}')).toThrow('manifest: must be an object of whole numbers');
});

describe('the path of an upload', () => {
  const read = (relative_path: string) =>
    validatorToMiner.read(
      frame({
        ...jobRequest,
        output_upload: {
          output_upload_type: 'multi_upload',
          uploads: [{ output_upload_type: 'single_file_put', url: 'https://h/x', relative_path }],
        },
      }),
    );

  it.each(['a', 'a/b.txt', '...', ' a', 'c:d', '~', 'a\tb', '.a', 'é'.repeat(127), 'a/'.repeat(3_000) + 'a'])(
    'may be %j',
    (path) => expect(() => read(path)).not.toThrow(),
  );

  it.each(['', '/a', 'a/', 'a//b', '.', 'a/./b', '..', 'a/../b', 'a\0b', 'a\\b', 'é'.repeat(128)])(
    'may not be %j',
    (path) => expect(() => read(path)).toThrow('output_upload.uploads.0.relative_path: must '),
  );

  it('of a volume is not judged here', () => {
    const volume = { volume_type: 'single_file', url: 'https://h/x', relative_path: '../x' };
    expect(() => validatorToMiner.read(frame({ ...jobRequest, volume }))).not.toThrow();
  });
});

it('a status of the oldest validators is read with what they add', () => {
  const metadata = parseJson(
    '{"comment":"","miner_response":{"job_uuid":"u","message_type":"V0JobFinishedRequest",' +
      '"docker_process_stderr":"","docker_process_stdout":"hi","artifacts":{}}}',
  );
  expect(readObject(StatusMetadata, metadata).miner_response!.docker_process_stdout).toBe('hi');
});

it('a cheat report of the oldest facilitators names the job only', () => {
  const { message } = facilitatorToValidator.read(`{"message_type":"V0JobCheated","job_uuid":"${uuid}"}`);
  expect(message).toMatchObject({ job_uuid: uuid, trusted_job_uuid: '', details: null, signature: null });
});

it('a direction with a message that nobody handles is named with it', () => {
  const handlers = {
    V2JobRequest: () => undefined,
    V0JobCheated: () => undefined,
    V0CancelJobRequest: () => undefined,
    V0DryRunRequest: () => undefined,
    V0DescribeJobRequest: () => undefined,
    V0JobOutputRequest: () => undefined,
  };
  expect(() => requireHandlers(facilitatorToValidator, handlers)).not.toThrow();
  const incomplete = { V2JobRequest: () => undefined } as unknown as typeof handlers;
  expect(() => requireHandlers(facilitatorToValidator, incomplete)).toThrow(
    'There is no handler for V0JobCheated, V0CancelJobRequest, V0DryRunRequest, V0DescribeJobRequest, V0JobOutputRequest, of what a facilitator may send a validator.',
  );
});
