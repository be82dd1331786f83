import type { AddressInfo } from 'node:net';
import { Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { Server } from 'node:http';
import { MinerSettings } from '../settings.ts';
import { addressForExecutors } from './address-for-executors.ts';

/** The address that executors reach this miner at. */
@Injectable()
export class MinerAddress {
  constructor(
    private readonly settings: MinerSettings,
    private readonly adapter: HttpAdapterHost,
  ) {}

  /** `ws://host:port`. @throws when the engine does not tell how its containers reach this machine */
  async forExecutors(): Promise<string> {
    const host = await addressForExecutors(this.settings);
    const port = this.settings.portForExecutors ?? this.ownPort();
    return `ws://${host.includes(':') ? `[${host}]` : host}:${port}`;
  }

  private ownPort(): number {
    const address = (this.adapter.httpAdapter.getHttpServer() as Server).address() as AddressInfo | null;
    return address?.port ?? this.settings.port;
  }
}
