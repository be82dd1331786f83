import { Module, type DynamicModule, type Provider } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { Database } from '@horde/database';
import { CannotStart, Health, type Logger } from '@horde/operations';
import { AcmeChallengeController } from './acme/acme-challenge.controller.ts';
import { AcmePort } from './acme/acme-port.ts';
import { AcmeSource } from './acme/acme-source.ts';
import { AcmeChallenges, AcmeStore } from './acme/acme-store.ts';
import { CertificateFiles } from './certificate-files.ts';
import { TlsPort, type CertificateSource } from './tls-port.ts';

/** Of a service's settings, what is said of TLS. */
export interface TlsSettings {
  host: string;
  tlsPort?: number;
  tlsCertificate?: string;
  tlsKey?: string;
  acmeDomains: readonly string[];
  acmeEmail?: string;
  acmeDirectory: string;
  acmePort?: number;
}

/** Where a certificate comes from. */
const SOURCE = Symbol('SOURCE');

/** Serves a service encrypted, too, where its settings say so. Without TLS_PORT it does nothing. */
@Module({})
export class TlsModule {
  static forRoot(settings: TlsSettings, logger: Logger): DynamicModule {
    const { host, tlsPort: port, acmeDomains } = settings;
    if (port === undefined) return { module: TlsModule };
    const tlsPort = {
      provide: TlsPort,
      useFactory: (source: CertificateSource, adapters: HttpAdapterHost, health: Health) =>
        new TlsPort({ host, port, source }, adapters, health, logger),
      inject: [SOURCE, HttpAdapterHost, Health],
    };
    if (acmeDomains.length === 0)
      return { module: TlsModule, providers: [{ provide: SOURCE, useValue: filesOf(settings) }, tlsPort] };
    return {
      module: TlsModule,
      controllers: [AcmeChallengeController],
      providers: [...acmeParts(settings, logger), tlsPort],
    };
  }
}

function acmeParts(settings: TlsSettings, logger: Logger): Provider[] {
  const { host, acmePort: port, acmeDomains: domains, acmeDirectory: directory, acmeEmail: email } = settings;
  const options = { domains, directory, ...(email !== undefined && { email }) };
  const parts: Provider[] = [
    {
      provide: AcmeChallenges,
      useFactory: (database: Database) => new AcmeChallenges(database),
      inject: [Database],
    },
    {
      provide: SOURCE,
      useFactory: (database: Database, challenges: AcmeChallenges) =>
        new AcmeSource(options, new AcmeStore(database, directory, domains.join()), challenges, logger),
      inject: [Database, AcmeChallenges],
    },
  ];
  if (port === undefined) return parts;
  const acmePort = {
    provide: AcmePort,
    useFactory: (adapters: HttpAdapterHost) => new AcmePort({ host, port }, adapters),
    inject: [HttpAdapterHost],
  };
  return [...parts, acmePort];
}

/** @throws CannotStart where the settings name no certificate */
function filesOf({ tlsCertificate, tlsKey }: TlsSettings): CertificateSource {
  if (tlsCertificate === undefined || tlsKey === undefined)
    throw new CannotStart(
      'TLS_PORT needs a certificate: name its files in TLS_CERTIFICATE and TLS_KEY, or ACME_DOMAINS.',
    );
  return new CertificateFiles(tlsCertificate, tlsKey);
}
