import { X509Certificate } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:tls';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Database, DatabaseModule, type DatabaseOptions } from '@horde/database';
import { createLogger, HealthModule } from '@horde/operations';
import { AcmeAuthority, missingAuthority } from '@horde/testing/acme-authority';
import { createTestDatabase } from '@horde/testing/database';
import { because } from '@horde/testing/missing';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
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

const domain = 'panel.horde.test';

describe.skipIf(missingAuthority !== null)(
  `a certificate of an ACME authority${because(missingAuthority)}`,
  () => {
    let authority: AcmeAuthority;
    beforeAll(async () => void (authority = await AcmeAuthority.start()));
    afterAll(() => authority?.stop());

    async function start(databaseUrl: string) {
      const log: Record<string, unknown>[] = [];
      const logger = createLogger('service', { write: (line) => void log.push(JSON.parse(line) as never) });
      const settings = {
        host: '127.0.0.1',
        tlsPort: 0,
        acmeDomains: [domain],
        acmeDirectory: authority.directory,
        acmePort: authority.asksAt,
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
      const strangers = await fetch(`http://127.0.0.1:${authority.asksAt}/.well-known/acme-challenge/x`);
      expect(strangers.status).toBe(404);
      expect((await fetch(`http://127.0.0.1:${authority.asksAt}/health/ready`)).status).toBe(404);
      await tables.query(`update acme_certificate set renew_at = now() - interval '1 second'`);
      await first.app.close();

      const second = await start(databaseUrl);
      onTestFinished(() => second.app.close());
      expect((await second.certificate())?.serialNumber).toBe(one!.serialNumber);
      await expect.poll(async () => (await second.certificate())?.serialNumber).not.toBe(one!.serialNumber);
      expect(second.log.filter(({ level }) => level === 'error')).toEqual([]);
    });
  },
);

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
