import { describe, expect, it } from 'vitest';
import { jobFoldersIn } from '../folders.ts';
import type { JobSpec } from '../runner.ts';
import { containerOptions } from './container-options.ts';
import type { ContainerLimits } from './limits.ts';

/** What the engine is asked for. */
function asked(
  spec: Partial<JobSpec>,
  { defaultRuntime = 'runc', limits = {} }: { defaultRuntime?: string; limits?: ContainerLimits } = {},
) {
  const full: JobSpec = {
    jobUuid: 'job-1',
    image: 'image:1',
    command: [],
    env: new Map(),
    artifactsDir: null,
    gpu: 'none',
    script: null,
    ...spec,
  };
  const engine = {
    memoryBytes: 2 ** 33,
    cpus: 4,
    runtimes: ['runc', 'nvidia'],
    defaultRuntime,
    root: '/',
    hasProxy: false,
  };
  const needs = { name: 'n', image: 'image:1', command: [], labels: {}, limits, engine, network: null };
  const { Env, HostConfig } = containerOptions(full, jobFoldersIn('/tmp/job'), needs);
  return { Env, Runtime: HostConfig!.Runtime, DeviceRequests: HostConfig!.DeviceRequests };
}

describe('a job without GPUs', () => {
  it.each([
    ['the engine’s default', {}, undefined],
    ['runc where that is NVIDIA’s', { defaultRuntime: 'nvidia' }, 'runc'],
    ['runc where that is another one of NVIDIA’s', { defaultRuntime: 'nvidia-cdi' }, 'runc'],
    ['what the operator says', { defaultRuntime: 'nvidia', limits: { runtime: 'kata' } }, 'kata'],
  ])('runs in %s', (_, how, runtime) => {
    expect(asked({}, how)).toMatchObject({ Runtime: runtime, DeviceRequests: undefined });
  });

  it('asks for no GPU by a variable, whatever its user or its image says', () => {
    const env = new Map([['NVIDIA_VISIBLE_DEVICES', 'all']]);
    expect(asked({ env }).Env).toEqual(['NVIDIA_VISIBLE_DEVICES=void']);
    expect(asked({}).Env).toEqual(['NVIDIA_VISIBLE_DEVICES=void']);
  });

  it('is also one whose operator runs all without', () => {
    expect(asked({ gpu: 'nvidia_all' }, { limits: { noGpu: true } })).toEqual(asked({}));
  });
});

describe('a job with GPUs', () => {
  const all = [{ Driver: 'nvidia', Count: -1, Capabilities: [['gpu']] }];

  it('gets all of the runtime nvidia, or of the operator’s, with its variables as they are', () => {
    const env = new Map([['NVIDIA_VISIBLE_DEVICES', '0']]);
    expect(asked({ gpu: 'nvidia_all', env })).toEqual({
      Env: ['NVIDIA_VISIBLE_DEVICES=0'],
      Runtime: 'nvidia',
      DeviceRequests: all,
    });
    expect(asked({ gpu: 'nvidia_all' }, { limits: { runtime: 'nvidia-cdi' } }).Runtime).toBe('nvidia-cdi');
  });

  it('gets those that the operator names and no others, whatever its user or its image says', () => {
    const env = new Map([['NVIDIA_VISIBLE_DEVICES', 'all']]);
    expect(asked({ gpu: 'nvidia_all', env }, { limits: { gpus: ['2', '3'] } })).toEqual({
      Env: ['NVIDIA_VISIBLE_DEVICES=2,3'],
      Runtime: 'nvidia',
      DeviceRequests: [{ Driver: 'nvidia', DeviceIDs: ['2', '3'], Capabilities: [['gpu']] }],
    });
    expect(asked({}, { limits: { gpus: ['2'] } })).toEqual(asked({}));
  });
});
