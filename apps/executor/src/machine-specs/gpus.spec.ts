import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseGpus } from './gpus.ts';

const fixture = (name: string) => readFileSync(path.join(import.meta.dirname, 'fixtures', name), 'utf8');

describe("nvidia-smi's table of GPUs", () => {
  it('is read from several GPUs of several kinds', () => {
    const gpus = parseGpus(fixture('nvidia-smi-535-several.csv'));
    expect(gpus).toHaveLength(3);
    expect(gpus[0]).toEqual({
      name: 'NVIDIA RTX A6000',
      driver: '535.183.01',
      capacity: '49140',
      cuda: '8.6',
      power_limit: '300.00',
      graphics_speed: '210',
      memory_speed: '405',
      uuid: 'GPU-5f3c6a1e-0d1b-7c2a-9b1e-2f4d5a6b7c8d',
      serial: '1560221012345',
    });
    expect(gpus[2]).toMatchObject({ name: 'NVIDIA GeForce RTX 4090', cuda: '8.9', serial: null });
  });

  it('is read without the compute capability of an old driver', () => {
    expect(parseGpus(fixture('nvidia-smi-470-without-compute-cap.csv'))).toEqual([
      {
        name: 'Tesla T4',
        driver: '470.161.03',
        capacity: '15109',
        cuda: null,
        power_limit: '70.00',
        graphics_speed: '300',
        memory_speed: '405',
        uuid: 'GPU-2e7d1b1c-3f60-5c5a-9d5e-7c1fd8a1b0e2',
        serial: '1324420042424',
      },
    ]);
  });

  it('has null for what a GPU does not tell, and nothing of the warnings around', () => {
    const gpus = parseGpus(fixture('nvidia-smi-550-not-supported.csv'));
    expect(gpus).toHaveLength(2);
    expect(gpus[0]).toMatchObject({ capacity: '4096', power_limit: null, serial: null });
    expect(gpus[1]).toEqual({
      name: 'NVIDIA GeForce RTX 3090',
      driver: '550.54.14',
      capacity: null,
      cuda: null,
      power_limit: null,
      graphics_speed: null,
      memory_speed: null,
      uuid: 'GPU-dd3c6a1e-0d1b-7c2a-9b1e-2f4d5a6b7c91',
      serial: null,
    });
  });

  it('counts GPUs, not the instances that they are split into', () => {
    const gpus = parseGpus(fixture('nvidia-smi-550-mig.csv'));
    expect(gpus.map(({ uuid, capacity }) => [uuid?.slice(0, 6), capacity])).toEqual([
      ['GPU-ee', '81920'],
      ['GPU-ff', null],
    ]);
  });

  it('is read with a warning before it, and with carriage returns', () => {
    expect(parseGpus(fixture('nvidia-smi-570-crlf.csv'))).toMatchObject([
      { name: 'NVIDIA H200', driver: '570.124.06', capacity: '143771', serial: '1651424001234' },
    ]);
  });

  it('is read with a comma in a name, and in a number', () => {
    expect(parseGpus(fixture('nvidia-smi-odd-names.csv'))).toMatchObject([
      {
        name: 'NVIDIA Graphics Device, Engineering Sample',
        driver: '535.54.03',
        power_limit: '450.50',
        serial: null,
      },
    ]);
  });

  it('is empty where there is no GPU', () => {
    expect(parseGpus('No devices were found\n')).toEqual([]);
    expect(parseGpus('name, driver_version, memory.total [MiB], uuid, serial\n')).toEqual([]);
  });

  it('is not made up from anything else', () => {
    expect(() => parseGpus('Failed to initialize NVML: Driver/library version mismatch\n')).toThrow(
      'nvidia-smi printed no table of GPUs: Failed to initialize NVML: Driver/library version mismatch',
    );
    expect(() => parseGpus('')).toThrow('it printed nothing');
  });
});
