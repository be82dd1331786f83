import { tmpdir } from 'node:os';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { makeJobFolders, removeJobFolders } from '../folders.ts';
import type { JobFolders, JobSpec } from '../runner.ts';
import { jobRunnerConformance } from '../testing/conformance.ts';
import { withFolders } from './paths.ts';
import { ProcessJobRunner } from './process-job-runner.ts';

jobRunnerConformance('a plain process', async (logMaxBytes) => ({
  runner: new ProcessJobRunner({ logMaxBytes }),
  image: 'ignored',
  close: async () => {},
}));

describe('a job that a signal ends', () => {
  it('has 128 and the number of the signal as its exit code', async () => {
    const folders = await makeJobFolders(tmpdir(), 'signal');
    onTestFinished(() => removeJobFolders(folders));
    const spec: JobSpec = {
      jobUuid: 'signal',
      image: '',
      command: ['sh', '-c', 'kill -SEGV $$'],
      env: new Map(),
      artifactsDir: null,
      gpu: 'none',
      script: null,
    };
    const options = { signal: new AbortController().signal, deadline: Date.now() + 20_000 };
    expect((await new ProcessJobRunner().run(spec, folders, options)).exitCode).toBe(139);
  });
});

describe('a job of a local network', () => {
  it('carries the name of the network, whatever its own variables say: by it a killed run is cleared away', async () => {
    vi.stubEnv('HORDE_NETWORK', 'net-1');
    onTestFinished(() => void vi.unstubAllEnvs());
    const folders = await makeJobFolders(tmpdir(), 'network');
    onTestFinished(() => removeJobFolders(folders));
    const spec: JobSpec = {
      jobUuid: 'network',
      image: '',
      command: ['sh', '-c', 'echo $HORDE_NETWORK'],
      env: new Map([['HORDE_NETWORK', 'other']]),
      artifactsDir: null,
      gpu: 'none',
      script: null,
    };
    const options = { signal: new AbortController().signal, deadline: Date.now() + 20_000 };
    expect((await new ProcessJobRunner().run(spec, folders, options)).stdout).toBe('net-1\n');
  });
});

describe('paths of a container in a command for a plain process', () => {
  const folders: JobFolders = {
    root: '/j',
    volume: '/j/volume',
    output: '/j/output',
    artifacts: '/j/artifacts',
  };
  const translate = (text: string, artifactsDir: string | null = '/output/art') => {
    const spec: JobSpec = {
      jobUuid: 'u',
      image: 'i',
      command: [text],
      env: new Map([['V', text]]),
      artifactsDir,
      gpu: 'none',
      script: null,
    };
    const { command, env } = withFolders(spec, folders);
    expect(env).toEqual({ V: command[0] });
    return command[0];
  };

  it.each([
    ['/volume', '/j/volume'],
    ['/volume/a b', '/j/volume/a b'],
    ['--in=/volume/x --out=/output/y', '--in=/j/volume/x --out=/j/output/y'],
    ['cat </volume/x >/output/y', 'cat </j/volume/x >/j/output/y'],
    ['/output/art/r.json', '/j/artifacts/r.json'],
    ['/output/article', '/j/output/article'],
    ['/volumes /data/volume /volume-2 ./volume', '/volumes /data/volume /volume-2 ./volume'],
  ])('%j becomes %j', (given, expected) => expect(translate(given)).toBe(expected));

  it('leaves artifacts alone where the job asked for none', () => {
    expect(translate('/artifacts/a', null)).toBe('/artifacts/a');
  });
});
