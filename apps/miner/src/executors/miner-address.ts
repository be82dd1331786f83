import type { AddressInfo } from 'node:net';
import { Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { Server } from 'node:http';
import { MinerSettings } from '../settings.ts';

/** The address that executors reach this miner at. */
@Injectable()
export class MinerAddress {
  constructor(
    private readonly settings: MinerSettings,
    private readonly adapter: HttpAdapterHost,
  ) {}

  /** `ws://host:port`. @throws when the miner does not listen yet and PORT_FOR_EXECUTORS is not set */
  forExecutors(): string {
    const { addressForExecutors: host, portForExecutors } = this.settings;
    return `ws://${host.includes(':') && !host.startsWith('[') ? `[${host}]` : host}:${portForExecutors ?? this.ownPort()}`;
  }

  private ownPort(): number {
    const address = (this.adapter.httpAdapter.getHttpServer() as Server).address() as AddressInfo | null;
    return address?.port ?? this.settings.port;
  }
}
