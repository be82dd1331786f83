import { spawn, type ChildProcess } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { globalAgent } from 'node:https';
import { createServer, type AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { connect } from 'node:tls';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Database, DatabaseModule, type DatabaseOptions } from '@horde/database';
import { makeCertificate } from '@horde/network';
import { createLogger, HealthModule } from '@horde/operations';
import { createTestDatabase } from '@horde/testing/database';
import { freePort } from '@horde/testing/free-port';
import { because } from '@horde/testing/missing';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { TlsModule } from '../tls.module.ts';
import { TlsPort } from '../tls-port.ts';
import { createAcmeTables, dropAcmeTables } from './acme-store.ts';

class CreateAcme1798000005010 implements MigrationInterface {
  name = 'CreateAcme1798000005010';
  up = (runner: QueryRunner) => createAcmeTables(runner);
  down = (runner: QueryRunner) => dropAcmeTables(runner);
}

const databaseOptions = (url: string): DatabaseOptions => ({
  service: 'acme',
  url,
  entities: [],
  migrations: [CreateAcme1798000005010],
});

/** Let's Encrypt's small ACME server for tests: `go install github.com/letsencrypt/pebble/v2/cmd/pebble@latest`. */
const pebble = process.env['PEBBLE'] ?? path.join(os.homedir(), 'go/bin/pebble');
const missing = existsSync(pebble) ? null : 'PEBBLE names no pebble';
const domain = 'panel.horde.test';

describe.skipIf(missing !== null)(`a certificate of an ACME authority${because(missing)}`, () => {
  let folder: string;
  let authority: ChildProcess;
  let directory: string;
  let acmePort: number;
  /** Every name leads to this machine. Pebble asks over TCP, with the length before each message. */
  const names = createServer((socket) =>
    socket.on('data', (query) => {
      const answer = answerTo(query.subarray(2));
      socket.write(Buffer.concat([Buffer.from([0, answer.length]), answer]));
    }),
  );

  beforeAll(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'acme-spec-'));
    acmePort = await freePort();
    const [port, management] = [await freePort(), await freePort()];
    const { certificate, key } = await makeCertificate([]);
    const file = (name: string, text: string) => writeFile(path.join(folder, name), text);
    await Promise.all([file('certificate.pem', certificate), file('key.pem', key)]);
    const config = {
      listenAddress: `127.0.0.1:${port}`,
      managementListenAddress: `127.0.0.1:${management}`,
      certificate: path.join(folder, 'certificate.pem'),
      privateKey: path.join(folder, 'key.pem'),
      httpPort: acmePort,
      tlsPort: 1,
      keyAlgorithm: 'ecdsa',
      retryAfter: { authz: 1, order: 1 },
      profiles: { default: { description: 'the only one', validityPeriod: 7_776_000 } },
    };
    await file('config.json', JSON.stringify({ pebble: config }));
    names.listen(0, '127.0.0.1');
    await once(names, 'listening');
    authority = spawn(
      pebble,
      [
        '-config',
        path.join(folder, 'config.json'),
        '-dnsserver',
        `127.0.0.1:${(names.address() as AddressInfo).port}`,
      ],
      { env: { PEBBLE_VA_NOSLEEP: '1', PEBBLE_WFE_NONCEREJECT: '20' }, stdio: 'ignore' },
    );
    directory = `https://localhost:${port}/dir`;
    globalAgent.options.ca = certificate;
    await vi.waitFor(() => fetch(`http://127.0.0.1:${port}`), 20_000);
  });
  afterAll(async () => {
    authority.kill();
    names.close();
    delete globalAgent.options.ca;
    await rm(folder, { recursive: true });
  });

  async function start(databaseUrl: string) {
    const log: Record<string, unknown>[] = [];
    const logger = createLogger('service', { write: (line) => void log.push(JSON.parse(line) as never) });
    const settings = {
      host: '127.0.0.1',
      tlsPort: 0,
      acmeDomains: [domain],
      acmeDirectory: directory,
      acmePort,
    };
    @Module({
      imports: [
        HealthModule.forRoot(),
        DatabaseModule.forRoot({ ...databaseOptions(databaseUrl), redisUrl: null }),
        TlsModule.forRoot(settings, logger),
      ],
    })
    class Service {}
    const app = await NestFactory.create(Service, { logger: false, abortOnError: false });
    await app.listen(0, '127.0.0.1');
    const { port } = app.get(TlsPort, { strict: false }).address as AddressInfo;
    return { app, log, certificate: () => certificateAt(port) };
  }

  it('is there without a restart once the authority has asked at port 80, is the same for the next process, and is renewed in time', async () => {
    const databaseUrl = await createTestDatabase(databaseOptions);
    const first = await start(databaseUrl);
    await expect.poll(first.certificate).toMatchObject({ subjectAltName: `DNS:${domain}` });
    const one = await first.certificate();
    const tables = first.app.get(Database, { strict: false }).manager;
    expect(await tables.query('select token from acme_challenge')).toEqual([]);
    const strangers = await fetch(`http://127.0.0.1:${acmePort}/.well-known/acme-challenge/x`);
    expect(strangers.status).toBe(404);
    expect((await fetch(`http://127.0.0.1:${acmePort}/health/ready`)).status).toBe(404);
    await tables.query(`update acme_certificate set renew_at = now() - interval '1 second'`);
    await first.app.close();

    const second = await start(databaseUrl);
    onTestFinished(() => second.app.close());
    expect((await second.certificate())?.serialNumber).toBe(one!.serialNumber);
    await expect.poll(async () => (await second.certificate())?.serialNumber).not.toBe(one!.serialNumber);
    expect(second.log.filter(({ level }) => level === 'error')).toEqual([]);
  });
});

/** The certificate that is shown there; null: there is none. */
function certificateAt(port: number): Promise<X509Certificate | null> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', servername: domain, rejectUnauthorized: false });
    socket.once('error', () => resolve(null));
    socket.once('secureConnect', () => {
      resolve(socket.getPeerX509Certificate() ?? null);
      socket.destroy();
    });
  });
}

/** 127.0.0.1 for whatever name is asked for by A, nothing by other types, RFC 1035 4. */
function answerTo(query: Buffer): Buffer {
  let end = 12;
  while (query[end] !== 0) end += query[end]! + 1;
  const question = query.subarray(12, end + 5);
  const isAddress = query.readUInt16BE(end + 1) === 1;
  const head = Buffer.from([query[0]!, query[1]!, 0x81, 0x80, 0, 1, 0, isAddress ? 1 : 0, 0, 0, 0, 0]);
  const answer = Buffer.from([0xc0, 0x0c, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4, 127, 0, 0, 1]);
  return Buffer.concat([head, question, ...(isAddress ? [answer] : [])]);
}
