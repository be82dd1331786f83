import type { Server } from 'node:http';
import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import type { HttpAdapterHost } from '@nestjs/core';
import { serveOnly } from '@horde/operations';

const challenges = /^\/\.well-known\/acme-challenge\/[\w-]+$/;

/** The port that an ACME authority asks at, where port 80 of its names leads to another one than the service's. */
export class AcmePort implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private server: Server | null = null;

  constructor(
    private readonly where: { host: string; port: number },
    private readonly adapters: HttpAdapterHost,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    const { httpAdapter } = this.adapters;
    if (httpAdapter)
      this.server = await serveOnly(challenges, httpAdapter.getHttpServer() as Server, this.where);
  }

  beforeApplicationShutdown(): void {
    this.server?.close();
    this.server?.closeAllConnections();
  }
}
