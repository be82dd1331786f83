import { createHash, createHmac } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { openDatabase } from '@horde/database';
import { ServiceSettings } from '@horde/settings';
import { createTestDatabase } from '@horde/testing/database';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { B2Place, regionOf } from './b2-place.ts';
import { backUp, backupsOf } from './backups.ts';
import { makeKeys, unseal } from './encryption.ts';

const key = { id: 'AKIDEXAMPLE', secret: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' };

/**
 * A bucket that checks signatures as Amazon documents them (Signature Version 4), and tells at B2's own API where it is.
 *
 * @param region that it is signed for
 */
async function startBucket(region = 'eu-test-1') {
  const objects = new Map<string, Buffer>();
  const server = createServer(async (request, response) => {
    const body = await buffer(request);
    const url = new URL(request.url!, 'http://bucket');
    const name = url.pathname.replace('/bucket/', '');
    if (url.pathname === '/b2api/v2/b2_authorize_account') {
      const basic = Buffer.from(`${key.id}:${key.secret}`).toString('base64');
      if (request.headers.authorization !== `Basic ${basic}`)
        response.writeHead(401).end('{"code":"bad_auth_token"}');
      else response.end(JSON.stringify({ accountId: 'x', s3ApiUrl: root }));
    } else if (!isSigned(request, url, region))
      response.writeHead(403).end('<Error><Code>SignatureDoesNotMatch</Code></Error>');
    else if (request.method === 'PUT') {
      objects.set(name, body);
      response.end();
    } else if (request.method === 'DELETE') {
      objects.delete(name);
      response.writeHead(204).end();
    } else
      response.end(
        `<ListBucketResult>${[...objects.keys()]
          .filter((one) => one.startsWith(url.searchParams.get('prefix') ?? ''))
          .map((one) => `<Key>${one}</Key>`)
          .join('')}</ListBucketResult>`,
      );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const root = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { objects, root, address: `${root}/bucket` };
}

function isSigned(request: IncomingMessage, url: URL, region: string): boolean {
  const { authorization = '' } = request.headers;
  const [, id, day, signedFor, signedHeaders = '', signature] =
    /^AWS4-HMAC-SHA256 Credential=(\w+)\/(\d+)\/([\w-]+)\/s3\/aws4_request, SignedHeaders=([\w;-]+), Signature=(\w+)$/.exec(
      authorization,
    ) ?? [];
  if (id !== key.id || signedFor !== region) return false;
  const headers = signedHeaders.split(';').map((name) => `${name}:${String(request.headers[name]).trim()}\n`);
  const canonical = [
    request.method,
    url.pathname,
    [...url.searchParams].map(([name, value]) => `${name}=${value}`).join('&'),
    headers.join(''),
    signedHeaders,
    request.headers['x-amz-content-sha256'],
  ].join('\n');
  const toSign = [
    'AWS4-HMAC-SHA256',
    request.headers['x-amz-date'],
    `${day}/${region}/s3/aws4_request`,
    createHash('sha256').update(canonical).digest('hex'),
  ].join('\n');
  const signing = [day!, region, 's3', 'aws4_request'].reduce<string | Buffer>(
    (secret, part) => createHmac('sha256', secret).update(part).digest(),
    `AWS4${key.secret}`,
  );
  return createHmac('sha256', signing).update(toSign).digest('hex') === signature;
}

let url: string;
let keys: { identity: string; recipient: string };
const folder = mkdtempSync(path.join(tmpdir(), 'horde-backups-'));
afterAll(() => rmSync(folder, { recursive: true }));
beforeAll(async () => {
  url = await createTestDatabase();
  await (await openDatabase({ service: 'pump', url, entities: [], migrations: [] })).destroy();
  keys = await makeKeys();
});

const settings = (given: Partial<ServiceSettings>) =>
  Object.assign(new ServiceSettings(), { databaseUrl: url, backupKeys: [keys.recipient], ...given });
const inBucket = (address: string) => ({
  backupS3Address: address,
  backupS3Region: 'eu-test-1',
  backupS3KeyId: key.id,
  backupS3KeySecret: key.secret,
});
const inB2 = { backupB2BucketName: 'my-bucket', backupB2KeyId: key.id, backupB2KeySecret: key.secret };
const day = (number: number) => new Date(Date.UTC(2026, 0, number));
const nameOn = (number: number) => `pump-${day(number).toISOString().replaceAll(/[:.]/g, '-')}.age`;

describe('backups', () => {
  it('are put into folder and bucket, encrypted, for the eyes of their owner alone', async () => {
    const { objects, address } = await startBucket();
    const place = path.join(folder, 'both');
    const { name, size } = await backUp(
      backupsOf('pump', settings({ backupFolder: place, ...inBucket(address) }))!,
    );
    expect(readdirSync(place)).toEqual([name]);
    const file = readFileSync(path.join(place, name));
    expect(file).toHaveLength(size);
    expect(objects.get(name)).toEqual(file);
    expect(statSync(path.join(place, name)).mode & 0o777).toBe(0o600);
    expect(await text(await unseal(Readable.from([file]), keys.identity))).toContain('"service":"pump"');
  });

  it('stay as many as are to stay, the newest, and what is not theirs stays, too', async () => {
    const { objects, address } = await startBucket();
    const place = path.join(folder, 'many');
    const backups = backupsOf(
      'pump',
      settings({ backupFolder: place, ...inBucket(address), backupsKept: 2 }),
    )!;
    objects.set('pump-notes.txt', Buffer.from('mine'));
    objects.set(nameOn(1).replace('pump', 'well'), Buffer.from('another service’s'));
    await backUp(backups, day(1));
    writeFileSync(path.join(place, 'pump-of-my-own.age'), '');
    for (const number of [2, 3]) await backUp(backups, day(number));
    expect(readdirSync(place).toSorted()).toEqual([nameOn(2), nameOn(3), 'pump-of-my-own.age'].toSorted());
    expect([...objects.keys()].toSorted()).toEqual(
      [nameOn(2), nameOn(3), 'pump-notes.txt', nameOn(1).replace('pump', 'well')].toSorted(),
    );
  });

  it('are in the folder, too, when the bucket refuses them, which is said without the secret', async () => {
    const { address } = await startBucket();
    const place = path.join(folder, 'refused');
    const wrong = { ...inBucket(address), backupS3KeySecret: 'another secret' };
    const failed = backUp(backupsOf('pump', settings({ backupFolder: place, ...wrong }))!);
    await expect(failed).rejects.toThrow(/did not keep a backup: 403 .*SignatureDoesNotMatch/);
    await expect(failed).rejects.not.toThrow('another secret');
    expect(readdirSync(place)).toHaveLength(1);
  });

  it('are put into a bucket of B2 where its account says that it answers as S3 does', async () => {
    const { objects, root } = await startBucket(regionOf('http://127.0.0.1'));
    const b2 = (keySecret: string) => new B2Place('bucket', { keyId: key.id, keySecret }, root);
    const backups = backupsOf('pump', settings({ backupFolder: folder, backupsKept: 1 }))!;
    objects.set('db_dump.zstd', Buffer.from('of the years before'));
    for (const number of [1, 2]) await backUp({ ...backups, places: [b2(key.secret)] }, day(number));
    expect([...objects.keys()]).toEqual(['db_dump.zstd', nameOn(2)]);
    const failed = backUp({ ...backups, places: [b2('another secret')] });
    await expect(failed).rejects.toThrow('Backblaze did not take the key of b2://bucket: 401');
    await expect(failed).rejects.not.toThrow('another secret');
    expect(regionOf('https://s3.us-west-002.backblazeb2.com')).toBe('us-west-002');
  });

  it('leave nothing half written where the database does not answer', async () => {
    const place = path.join(folder, 'away');
    const backups = backupsOf(
      'pump',
      settings({ backupFolder: place, databaseUrl: 'postgres://u:secret@127.0.0.1:1/x' }),
    )!;
    await expect(backUp(backups)).rejects.toThrow('ECONNREFUSED');
    expect(readdirSync(place)).toEqual([]);
  });
});

describe('settings of backups', () => {
  it('make none where they name no place', () => expect(backupsOf('pump', settings({}))).toBeNull());

  it('that are half of what is needed are refused with a sentence', () => {
    expect(() => backupsOf('pump', settings({ backupFolder: '/x', backupKeys: [] }))).toThrow(
      'BACKUP_KEYS does not say for whom',
    );
    expect(() => backupsOf('pump', settings({ backupS3Address: 'https://s3.example/x' }))).toThrow(
      'BACKUP_S3_KEY_ID',
    );
    expect(() => backupsOf('pump', settings({ ...inB2, backupB2KeyId: undefined }))).toThrow(
      'BACKUP_B2_BUCKET is set: BACKUP_B2_KEY_ID and BACKUP_B2_KEY_SECRET are needed, too.',
    );
  });

  it('of ComputeHorde’s .env keep no service from starting, though they do not say whom backups are encrypted for', async () => {
    const backups = backupsOf('pump', settings({ ...inB2, backupKeys: [] }))!;
    expect(backups.places.map(({ name }) => name)).toEqual(['b2://my-bucket']);
    await expect(backUp(backups)).rejects.toThrow('BACKUP_KEYS does not say for whom');
  });
});
