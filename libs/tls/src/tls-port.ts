import { X509Certificate } from 'node:crypto';
import type { Server as HttpServer } from 'node:http';
import { createServer, type Server } from 'node:https';
import type {
  BeforeApplicationShutdown,
  OnApplicationBootstrap,
  OnApplicationShutdown,
} from '@nestjs/common';
import type { HttpAdapterHost } from '@nestjs/core';
import type { Certificate } from '@horde/network';
import { listenAt, repeat, type Health, type Logger } from '@horde/operations';

/** How often it is looked whether there is another certificate. @unit ms */
const lookInterval = 1_000;
/** So long before its end a certificate is to be told of. @unit ms */
const shortly = 14 * 86_400_000;

/** Where a certificate comes from. */
export interface CertificateSource {
  /** The present one; null: there is none yet. @throws an error whose message is a sentence */
  read(): Promise<Certificate | null>;
}

export interface TlsPortOptions {
  host: string;
  port: number;
  source: CertificateSource;
}

/**
 * All that a service serves, encrypted, at a port of its own: requests and websockets are handed to the server that peers
 * reach in the clear. Another certificate is taken up without a restart, and what is connected stays so.
 */
export class TlsPort implements OnApplicationBootstrap, BeforeApplicationShutdown, OnApplicationShutdown {
  private readonly server: Server = createServer({ minVersion: 'TLSv1.2' });
  private present: Certificate | null = null;
  /** Why the last look brought nothing, so that it is told once. */
  private trouble: string | null = null;
  private stop: (() => void) | null = null;

  constructor(
    private readonly options: TlsPortOptions,
    private readonly adapters: HttpAdapterHost,
    health: Health,
    private readonly logger: Logger,
  ) {
    health.tell('certificate', async () => this.state());
  }

  /** Where it listens. */
  get address(): ReturnType<Server['address']> {
    return this.server.address();
  }

  async onApplicationBootstrap(): Promise<void> {
    if (!this.adapters.httpAdapter) return; // a command, which serves nothing
    this.take(await this.options.source.read());
    const clear = this.adapters.httpAdapter.getHttpServer() as HttpServer;
    this.server.on('request', (...given) => clear.emit('request', ...given));
    this.server.on('upgrade', (request, socket, head) => {
      if (!clear.emit('upgrade', request, socket, head)) socket.destroy();
    });
    await listenAt(this.server, this.options.host, this.options.port);
    this.logger.info({ address: this.address }, 'listens for TLS');
    this.stop = repeat(
      () => this.look(),
      lookInterval,
      (error) => this.tell((error as Error).message),
    );
  }

  beforeApplicationShutdown(): void {
    this.stop?.();
    this.server.close();
  }

  onApplicationShutdown(): void {
    this.server.closeAllConnections();
  }

  private async look(): Promise<void> {
    this.take(await this.options.source.read());
    this.trouble = null;
  }

  private take(found: Certificate | null): void {
    if (!found || (found.certificate === this.present?.certificate && found.key === this.present.key)) return;
    this.server.setSecureContext({ cert: found.certificate, key: found.key, minVersion: 'TLSv1.2' });
    this.present = found;
    const { subjectAltName, validTo } = new X509Certificate(found.certificate);
    this.logger.info({ for: subjectAltName, until: validTo }, 'a certificate is used');
  }

  private tell(trouble: string): void {
    if (trouble !== this.trouble) this.logger.warn(`The certificate that is there stays in use: ${trouble}`);
    this.trouble = trouble;
  }

  /** @throws a sentence, where an operator should look */
  private state(): string {
    if (!this.present) throw new Error('There is no certificate yet.');
    const { validToDate: end } = new X509Certificate(this.present.certificate);
    const sentence = `The certificate is good until ${end.toISOString()}.`;
    if (end.getTime() < Date.now() + shortly) throw new Error(sentence);
    return sentence;
  }
}
