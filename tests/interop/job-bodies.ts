import fc from 'fast-check';
import {
  ExecutorClass,
  HuggingfaceVolume,
  InlineVolume,
  SingleFilePost,
  SingleFilePut,
  SingleFileVolume,
  toJson,
  toJsonValue,
  writeCompact,
  ZipUrlVolume,
} from '@horde/protocol';
import { instancesOf } from '@horde/testing/messages';

const text = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
  .map((value) => `a${value.replaceAll('\0', '')}b\n"\\é\u2028\u007f😀`);
const variable = text.map((value) => value.replaceAll('=', ''));
const seconds = fc.integer({ min: 0, max: 3600 });

/** Random bodies of a job's creation, as the SDK posts them. */
export const jobBodies = (count: number, validator: string): string[] =>
  fc
    .sample(
      fc.record(
        {
          target_validator_hotkey: fc.constant(validator),
          executor_class: fc.constantFrom(...ExecutorClass),
          docker_image: fc.constantFrom(
            'a',
            'python:3.13-slim',
            'ghcr.io/a/b_c:V1.0',
            `a.example:5000/b@sha256:${'0a'.repeat(32)}`,
          ),
          job_namespace: fc.option(text),
          args: fc.array(text, { maxLength: 4 }),
          env: fc
            .array(fc.tuple(fc.oneof(variable, fc.constantFrom('10', '9', 'A')), text), { maxLength: 4 })
            .map((entries) => new Map(entries)),
          use_gpu: fc.constant(true),
          artifacts_dir: fc.option(fc.constantFrom('', '/artifacts')),
          on_trusted_miner: fc.boolean(),
          download_time_limit: seconds,
          execution_time_limit: seconds,
          streaming_start_time_limit: seconds,
          upload_time_limit: seconds,
          streaming_details: fc.record({ public_key: text }),
          volumes: fc.array(
            fc
              .oneof(
                instancesOf<object>(InlineVolume).map((volume) =>
                  Object.assign(volume, { contents: 'UEs=' }),
                ),
                instancesOf<object>(ZipUrlVolume),
                instancesOf<object>(SingleFileVolume),
                instancesOf<object>(HuggingfaceVolume),
              )
              .map(toJson),
            { maxLength: 3 },
          ),
          uploads: fc.array(
            fc.oneof(instancesOf<object>(SingleFilePost), instancesOf<object>(SingleFilePut)).map(toJson),
            { maxLength: 3 },
          ),
        },
        {
          noNullPrototype: true,
          requiredKeys: [
            'target_validator_hotkey',
            'executor_class',
            'docker_image',
            'use_gpu',
            'download_time_limit',
            'execution_time_limit',
            'streaming_start_time_limit',
            'upload_time_limit',
          ],
        },
      ),
      { numRuns: count, seed: 11 },
    )
    .map((body) => writeCompact(toJsonValue(body)));
