import type { Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { executorPath, validatorPath } from '@horde/protocol';
import { WebSocketRouter, type Connection } from '@horde/transport';
import { ExecutorGateway } from './executors/executor.gateway.ts';
import { ValidatorGateway } from './validators/validator.gateway.ts';

/** How long a message that is being handled may take when the miner stops. @unit ms */
const handlingPatience = 1_000;

/** The miner's websockets, on the port of its HTTP server. */
@Injectable()
export class Sockets implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly router = new WebSocketRouter();
  private readonly handling = new Set<Promise<void>>();

  constructor(
    private readonly validators: ValidatorGateway,
    private readonly executors: ExecutorGateway,
    private readonly adapter: HttpAdapterHost,
  ) {}

  onApplicationBootstrap(): void {
    this.router
      .route(validatorPath(':hotkey'), (connection, upgrade) => {
        this.track(connection);
        this.validators.accept(connection, upgrade);
      })
      .route(executorPath(':token'), (connection, upgrade) => {
        this.track(connection);
        this.executors.accept(connection, upgrade);
      })
      .attach(this.adapter.httpAdapter.getHttpServer() as Server);
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.executors.beginShutdown();
    await this.router.close();
    // What is being handled is stored before the database goes.
    const enough = new AbortController();
    const patience = sleep(handlingPatience, undefined, { signal: enough.signal }).catch(() => undefined);
    await Promise.race([Promise.all(this.handling), patience]);
    enough.abort();
  }

  private track(connection: Connection): void {
    const handled = connection.handled().then(() => void this.handling.delete(handled));
    this.handling.add(handled);
  }
}
