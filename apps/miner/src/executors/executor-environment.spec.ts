import { describe, expect, it } from 'vitest';
import { containerEnvironment, processEnvironment } from './executor-environment.ts';

const environment = {
  PATH: '/bin',
  DOCKER_HOST: 'unix:///x',
  DOCKER_EXECUTORS_CONFIG_PATH: '/y',
  HORDE_NETWORK: 'n',
  HORDE_CACHE: '/cache',
  VOLUME_MAX_SIZE_BYTES: '5',
  JOB_MEMORY_BYTES: '8g',
  JOB_RUNNER: 'process',
  HF_ACCESS_TOKEN: 't',
  HTTPS_PROXY: 'http://proxy:3128',
  no_proxy: 'pylon',
  VOLUME_TRUST_PROXY: 'true',
  EXECUTOR_X: '2',
  OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318',
  DATABASE_URL: 'postgres://secret',
  PYLON_IDENTITY_TOKEN: 's',
  BITTENSOR_WALLET_NAME: 'w',
  EXECUTOR_COMMAND: 'x',
  EXECUTOR_TOKEN: 'y',
};

describe('executors see what they need of the miner’s environment, and none of its secrets:', () => {
  it('as processes, what belongs to this machine too', () => {
    expect(processEnvironment(environment)).toEqual({
      PATH: '/bin',
      DOCKER_HOST: 'unix:///x',
      HORDE_NETWORK: 'n',
      HORDE_CACHE: '/cache',
      VOLUME_MAX_SIZE_BYTES: '5',
      JOB_MEMORY_BYTES: '8g',
      JOB_RUNNER: 'process',
      HF_ACCESS_TOKEN: 't',
      HTTPS_PROXY: 'http://proxy:3128',
      no_proxy: 'pylon',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318',
      VOLUME_TRUST_PROXY: 'true',
      EXECUTOR_X: '2',
    });
  });

  it('in containers, what holds everywhere', () => {
    expect(containerEnvironment(environment)).toEqual({
      HORDE_NETWORK: 'n',
      VOLUME_MAX_SIZE_BYTES: '5',
      JOB_MEMORY_BYTES: '8g',
      HF_ACCESS_TOKEN: 't',
      HTTPS_PROXY: 'http://proxy:3128',
      no_proxy: 'pylon',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318',
      VOLUME_TRUST_PROXY: 'true',
    });
  });
});
