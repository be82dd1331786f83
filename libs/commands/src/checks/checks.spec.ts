import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { makeCertificate } from '@horde/network';
import { SettingsError } from '@horde/settings';
import { createTestDatabase } from '@horde/testing/database';
import { freePort } from '@horde/testing/free-port';
import { because } from '@horde/testing/missing';
import { missingRedis, startRedis } from '@horde/testing/redis';
import { serve } from '@horde/testing/web-server';
import { Redis } from 'ioredis';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { doctorOf } from '../doctor.ts';
import { ok, type Finding } from '../report.ts';
import { checkCertificate } from './certificate.ts';
import { checkClock } from './clock.ts';
import { checkDatabase } from './database.ts';
import { checkDisk } from './disk.ts';
import { checkRedis } from './redis.ts';
import { checkWallet } from './wallet.ts';

let folder: string;
beforeAll(() => void (folder = mkdtempSync(path.join(tmpdir(), 'horde-checks-'))));
afterAll(() => rmSync(folder, { recursive: true }));

/** A finding in one line. */
const line = ({ verdict, says, fix }: Finding) => `${verdict} ${says}${fix === null ? '' : ` -> ${fix}`}`;
const nowhere = async () => `127.0.0.1:${await freePort()}`;

it('a database is found away, without its tables, with those of this version, and with those of a newer one', async () => {
  const look = async (url: string) =>
    line(await checkDatabase({ service: 'baker', url, migrations: ['MakeBread1', 'MakeRolls2'] }));
  expect(await look(`postgres://u:secret@${await nowhere()}/d`)).toMatch(
    /^FAIL It cannot be used: .*ECONNREFUSED.* -> Start Postgres, or set DATABASE_URL /,
  );
  const url = await createTestDatabase();
  expect(await look(url)).toMatch(
    /^WARN Postgres .*; 2 changes of its tables are due\. -> Start the baker: /,
  );
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  onTestFinished(() => client.end());
  await client.query('create schema baker');
  await client.query('create table baker.migrations (id serial primary key, timestamp bigint, name text)');
  const apply = (name: string) =>
    client.query('insert into baker.migrations (timestamp, name) values (1, $1)', [name]);
  await apply('MakeBread1');
  expect(await look(url)).toMatch(/; one change of its tables is due\./);
  await apply('MakeRolls2');
  expect(await look(url)).toMatch(/^OK Postgres .*, with the tables of this version\.$/);
  await apply('MakeCakes3');
  expect(await look(url)).toMatch(
    /^FAIL .*; a newer baker has changed its tables \(MakeCakes3\)\. -> Run that version, /,
  );
});

describe('a clock', () => {
  /** What is said where servers are so far behind this machine, each with an address of its own. @param behind @unit seconds */
  async function clock(...behind: number[]) {
    const servers = behind.map(async (by, index) => {
      const { port } = await serve((_, response) =>
        response.setHeader('date', new Date(Date.now() - by * 1_000).toUTCString()).end(),
      );
      return `http://127.0.0.${index + 2}:${port}`;
    });
    const services = await Promise.all(servers);
    return line(await checkClock({ services, tolerance: 60, consequence: 'bread is burnt' }));
  }

  it('is found right, wrong and very wrong by those that agree on it', async () => {
    expect(await clock(0, 0)).toBe('OK It agrees with those of 127.0.0.2 and 127.0.0.3.');
    expect(await clock(31, 31, 0)).toMatch(
      /^WARN It is (?:2\d|30|31) s ahead of those of 127\.0\.0\.2 and 127\.0\.0\.3; bread is burnt from 60 s on\. -> .*timedatectl set-ntp true/,
    );
    expect(await clock(-3_600, -3_600)).toMatch(/^FAIL It is (?:35\d\d|360\d) s behind those of /);
  });

  it('is not found wrong by one server alone, which is named', async () => {
    expect(await clock(0)).toBe('OK It agrees with that of 127.0.0.2.');
    expect(await clock(3_600)).toMatch(
      /^WARN It is (?:35\d\d|3600) s ahead of that of 127\.0\.0\.2, and too few others say so\. -> .*timedatectl/,
    );
    expect(await clock(0, 3_600)).toMatch(/^WARN It is .* It agrees with that of 127\.0\.0\.2\. -> /);
    expect(await clock(0, 3_600, 0)).toMatch(
      /^OK It agrees with those of 127\.0\.0\.2 and 127\.0\.0\.4\. It is .* ahead of that of 127\.0\.0\.3, which is wrong\.$/,
    );
  });

  it('has somebody to be compared with', async () => {
    const services = [`http://${await nowhere()}`];
    expect(line(await checkClock({ services, tolerance: 1, consequence: 'x' }))).toMatch(
      /^WARN There is nobody to compare it with\. -> Let one of these answer: http/,
    );
  });
});

it('a disk without room is found', async () => {
  // Nothing can be stored there.
  expect(line(await checkDisk(['/proc/horde']))).toMatch(
    /^FAIL 0\.0 GB are free at \/proc\/horde\. -> Make room /,
  );
});

it.skipIf(process.getuid?.() !== 0)('a disk with little room is found, and one with enough', async () => {
  const mount = mkdtempSync(path.join(folder, 'disk-'));
  // Room that is promised, and that nothing takes.
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=6G', 'tmpfs', mount]);
  onTestFinished(() => void execFileSync('umount', [mount]));
  expect(line(await checkDisk([path.join(mount, 'receipts')]))).toBe(
    `WARN 6.4 GB are free at ${mount}/receipts. -> Make room (docker image prune), or move the folder to a larger disk.`,
  );
  execFileSync('mount', ['-o', 'remount,size=20G', mount]);
  expect(line(await checkDisk([mount]))).toBe(`OK 21.5 GB are free at ${mount}.`);
});

it('a certificate is found away, unreadable, good, near its end, and behind it', async () => {
  const [file, text] = [path.join(folder, 'certificate.pem'), path.join(folder, 'text.pem')];
  writeFileSync(file, (await makeCertificate(['bakery.example'])).certificate);
  writeFileSync(text, 'bread');
  const look = async (certificate: string) =>
    line(await checkCertificate({ tlsPort: 443, tlsCertificate: certificate }));
  expect(line(await checkCertificate({}))).toBe('OK Not needed: TLS_PORT is not set.');
  expect(await look(path.join(folder, 'none.pem'))).toMatch(
    /^FAIL \S+none\.pem cannot be read: ENOENT.* -> Renew it; /,
  );
  expect(await look(text)).toMatch(/^FAIL \S+text\.pem cannot be read: /);
  expect(await look(file)).toMatch(/^OK CN=localhost, valid until /);
  vi.useFakeTimers({ toFake: ['Date'] });
  onTestFinished(() => void vi.useRealTimers());
  const day = 86_400_000;
  vi.setSystemTime(Date.now() + 360 * day);
  expect(await look(file)).toMatch(/^WARN CN=localhost, .* -> Renew it; /);
  vi.setSystemTime(Date.now() + 10 * day);
  expect(await look(file)).toMatch(/^FAIL CN=localhost, .* -> Renew it; /);
});

it('a hotkey is found missing, broken, and open to others', async () => {
  const hotkeys = path.join(folder, 'wallet/hotkeys');
  mkdirSync(hotkeys, { recursive: true });
  const look = async (walletHotkeyName: string) => {
    const { findings, address } = await checkWallet({
      walletDirectory: folder,
      walletName: 'wallet',
      walletHotkeyName,
    });
    return [findings.map(line).join('\n'), address] as const;
  };
  expect(await look('none')).toEqual([
    expect.stringMatching(/^FAIL There is no hotkey file .* -> Set BITTENSOR_WALLET_DIRECTORY, /),
    null,
  ]);
  writeFileSync(path.join(hotkeys, 'broken'), '{"secretSeed": "0x12"}', { mode: 0o600 });
  expect(await look('broken')).toEqual([
    expect.stringMatching(/^FAIL .*broken.* -> Set BITTENSOR_WALLET/),
    null,
  ]);
  const seed = `0x${Buffer.alloc(32, 9).toString('hex')}`;
  writeFileSync(path.join(hotkeys, 'good'), JSON.stringify({ secretSeed: seed }), { mode: 0o600 });
  expect(await look('good')).toEqual([
    expect.stringMatching(/^OK 5\w+, for this user only\.$/),
    expect.any(String),
  ]);
  chmodSync(path.join(hotkeys, 'good'), 0o644);
  expect(await look('good')).toEqual([
    expect.stringMatching(
      /^FAIL The hotkey file \S+ is open to other users \(mode 0644\)\. -> Run: chmod 600 /,
    ),
    expect.any(String),
  ]);
});

it('a Redis is found away, and not needed', async () => {
  expect(line(await checkRedis(null))).toBe('OK Not needed: the queues are in the database.');
  expect(line(await checkRedis(`redis://:secret@${await nowhere()}`))).toMatch(
    /^FAIL It cannot be used: .* -> Start Redis, set REDIS_URL /,
  );
});

it.skipIf(missingRedis !== null)(
  `a Redis is found that throws entries of queues away${because(missingRedis)}`,
  async () => {
    const redis = await startRedis();
    onTestFinished(() => redis.stop());
    expect(line(await checkRedis(redis.url))).toMatch(/^OK Redis \d/);
    const client = new Redis(redis.url);
    await client.config('SET', 'maxmemory-policy', 'allkeys-lru');
    client.disconnect();
    expect(line(await checkRedis(redis.url))).toMatch(
      /^WARN .*It throws away what it has no room for \(allkeys-lru\)\. -> Set maxmemory-policy to noeviction\./,
    );
  },
);

it('a doctor tells each finding when it is there, begins with the settings, and ends with what broke', async () => {
  const told: string[] = [];
  const run = (settings: () => object) =>
    doctorOf<{ settings(): object }, object>('baker', async (_context, _settings, found) => {
      found(ok('oven', 'It is hot.'), ok('flour', 'It is there.'));
      throw new Error('The yeast is gone.');
    })({ settings }, (finding) => told.push(`${finding.check}: ${line(finding)}`));
  const all = await run(() => ({}));
  expect(told).toEqual([
    'settings: OK All are there, and can be meant.',
    'oven: OK It is hot.',
    'flour: OK It is there.',
    expect.stringMatching(/^doctor: FAIL The next check could not be made: The yeast is gone\. -> /),
  ]);
  expect(all).toHaveLength(told.length);
  const none = await run(() => {
    throw new SettingsError(['FLOUR is not set, and it must be.', 'OVEN is "cold".']);
  });
  expect(none.map(line)).toEqual([
    expect.stringMatching(
      /^FAIL FLOUR is not set, and it must be\. -> Set it in the environment of the baker; /,
    ),
    expect.stringMatching(/^FAIL OVEN is "cold"\. -> /),
  ]);
});
