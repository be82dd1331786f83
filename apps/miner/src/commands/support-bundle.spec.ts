import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase } from '@horde/testing/database';
import pg from 'pg';
import { command, leastEnvironment } from '../testing/run-command.ts';

let folder: string;
beforeAll(async () => void (folder = await mkdtemp(path.join(tmpdir(), 'bundle-spec-'))));
afterAll(() => rm(folder, { recursive: true }));

/** Runs the command. @returns what its archive has, and what it said */
async function bundle(environment: Record<string, string>, ...words: string[]) {
  const file = path.join(folder, `${(await readdir(folder)).length}.tar.gz`);
  const run = await command(environment, ['support_bundle', '--output', file, ...words]);
  expect(run).toMatchObject({ exitCode: 0, complained: '' });
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  const tar = async (...options: string[]) => (await promisify(execFile)('tar', [...options, file])).stdout;
  return { names: await tar('-tzf'), text: await tar('-xzOf'), said: run.said };
}

const pem = ['-----BEGIN CERTIFICATE-----', 'c2VjcmV0'.repeat(8), 'SECRET88', '-----END CERTIFICATE-----'];

it('has what helps, and none of the secrets that stand in settings, log, metrics, health and database', async () => {
  const http = createServer(({ url, headers }, response) => {
    if (url === '/metrics' && headers.authorization !== 'Bearer SECRET-01-metrics') response.statusCode = 401;
    response.end(
      `answer{to="${url}",of="https://a.example/x?token=SECRET-02"} 1 for ${headers.authorization}`,
    );
  }).listen(0, '127.0.0.1');
  await once(http, 'listening');
  const { port } = http.address() as AddressInfo;
  const url = await createTestDatabase();
  const database = new pg.Client({ connectionString: url });
  await database.connect();
  const least = leastEnvironment(url);
  expect((await command(least, ['fetch_dynamic_config'])).complained).toBe('');
  await database.query(
    `insert into miner.dynamic_config values ('A', 'operator', '[{"value": "https://u:SECRET-03@b.example/?q=SECRET-04"}]')`,
  );
  await database.end();
  const log = path.join(folder, 'miner.log');
  const lines = [
    'SECRET-05 is in a line before the last nine',
    '{"msg":"sent","token":"SECRET-06","authorization":"Bearer SECRET-07-bearer"}',
    '{"msg":"sent","url":"https://c.example/y?X-Amz-Signature=SECRET-08","password":"SECRET-09"}',
    `{"msg":"said","certificate":"${pem.join('\\n')}"}`,
    'pylon answers SECRET-10-pylon to hf_SECRET11SECRET',
    ...pem,
    'the executor is late job=7c2d0f34',
  ];
  await writeFile(log, lines.join('\n'));
  const { names, text, said } = await bundle(
    {
      ...least,
      HOST: '127.0.0.1',
      BITTENSOR_MINER_PORT: String(port),
      PYLON_ADDRESS: `http://127.0.0.1:${port}`,
      EXECUTOR_MANAGER_CLASS_PATH: 'process',
      METRICS_TOKEN: 'SECRET-01-metrics',
      PYLON_IDENTITY_TOKEN: 'SECRET-10-pylon',
      HF_ACCESS_TOKEN: 'SECRET-12-hf',
      HTTPS_PROXY: 'http://user:SECRET-13@proxy.example:3128',
      OTEL_EXPORTER_OTLP_HEADERS: 'x-team=SECRET-14',
      LOG_LEVEL: 'warn',
      JOB_RUNNER: 'docker',
    },
    '--log',
    log,
    '--lines',
    '9',
  );
  http.close();
  expect(names.match(/[^/\n]+$/gm)!.toSorted()).toEqual([
    'database.txt',
    'doctor.txt',
    'health.txt',
    'log-1-miner.log.txt',
    'machine.txt',
    'metrics.txt',
    'settings.txt',
  ]);
  expect(text).not.toMatch(/SECRET-?\d|c2VjcmV0/);
  for (const told of [
    'PYLON_IDENTITY_TOKEN=[secret]\n',
    'BITTENSOR_NETUID=1\n',
    'LOG_LEVEL=warn\n',
    'JOB_RUNNER=docker\n',
    'HF_ACCESS_TOKEN=[secret]\n',
    'OK    postgres ',
    '"due":[]',
    '"table":"job"',
    '"key":"A","source":"operator","items":[{"value":"https://[secret]@b.example/?[secret]"}]',
    '/metrics answers 200:\n\nanswer{to="/metrics",of="https://a.example/x?[secret]"} 1',
    '/health/ready answers 200:',
    'the executor is late job=7c2d0f34\n',
  ])
    expect(text).toContain(told);
  expect(said).toContain('Look through it before you send it.');
});

describe('of a service that cannot start', () => {
  it('there is one too, which says why', async () => {
    const { text } = await bundle(
      { DATABASE_URL: 'postgres://u:SECRET-15@127.0.0.1:1/x' },
      '--log',
      '/no/such.log',
    );
    expect(text).not.toContain('SECRET-15');
    for (const told of [
      'With these it cannot start:\nBITTENSOR_MINER_PORT is not set, and it must be.',
      'It cannot be used: connect ECONNREFUSED 127.0.0.1:1.',
      'The settings do not say where the service answers.',
      'This could not be found out: ',
    ])
      expect(text).toContain(told);
  });

  it('none replaces a file that is there', async () => {
    const file = path.join(folder, 'there.tar.gz');
    await writeFile(file, 'mine');
    const run = await command({}, ['support_bundle', '--output', file]);
    expect(run).toMatchObject({
      exitCode: 2,
      complained: expect.stringContaining('cannot be written') as string,
    });
  });
});
