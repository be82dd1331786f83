import type { Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import {
  executorPath,
  minerExecutorExtensions,
  validatorMinerExtensions,
  validatorPath,
} from '@horde/protocol';
import { TrustedProxies, WebSocketRouter, type Connection, type RouteOptions } from '@horde/transport';
import { ExecutorGateway } from '../executors/executor.gateway.ts';
import { MinerSettings } from '../settings.ts';
import { ConnectionLimits } from '../validators/connection-limits.ts';
import { ValidatorGateway } from '../validators/validator.gateway.ts';

/** How long a message that is being handled may take when the miner stops. @unit ms */
const handlingPatience = 1_000;
/** What is read of a validator before it has authenticated: that and a little more. @unit bytes */
const maxUnauthenticatedBytes = 64 * 1024;
/** How many executors may be having their tokens looked up: all of a miner's, which come at once when it was away. */
const maxUnknownExecutors = 4_096;

/** The miner's websockets, on the port of its HTTP server. */
@Injectable()
export class Sockets implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly router: WebSocketRouter;
  /** Those that are open, or have left frames that are still to be handled. */
  private readonly open = new Set<Connection>();
  /** How many connections there are now, by who may be at their other end. */
  readonly connections = { validator: 0, executor: 0 };

  constructor(
    private readonly validators: ValidatorGateway,
    private readonly executors: ExecutorGateway,
    private readonly limits: ConnectionLimits,
    private readonly settings: MinerSettings,
    private readonly adapter: HttpAdapterHost,
  ) {
    this.router = new WebSocketRouter(new TrustedProxies(settings.trustedProxies));
  }

  onApplicationBootstrap(): void {
    const validators: RouteOptions = {
      extensions: validatorMinerExtensions,
      untrusted: {
        maxBytes: maxUnauthenticatedBytes,
        maxPerAddress: this.settings.unauthenticatedPerAddress,
      },
      admit: (upgrade) => this.limits.admits(upgrade),
    };
    const executors: RouteOptions = {
      extensions: minerExecutorExtensions,
      // Its token says who it is. While that is looked up nothing is read, and an outage of the database is not its fault.
      untrusted: {
        maxBytes: 0,
        maxConnections: maxUnknownExecutors,
        maxPerAddress: maxUnknownExecutors / 2,
        timeLimit: null,
      },
    };
    this.router
      .route(
        validatorPath(':hotkey'),
        (connection, upgrade) => {
          this.track('validator', connection);
          this.validators.accept(connection, upgrade);
        },
        validators,
      )
      .route(
        executorPath(':token'),
        (connection, upgrade) => {
          this.track('executor', connection);
          this.executors.accept(connection, upgrade);
        },
        executors,
      )
      .attach(this.adapter.httpAdapter.getHttpServer() as Server);
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.executors.beginShutdown();
    // An executor of plain v0 sends its messages once.
    await this.router.close({ handleRest: true });
    // What is being handled is stored before the database goes.
    const enough = new AbortController();
    const patience = sleep(handlingPatience, undefined, { signal: enough.signal }).catch(() => undefined);
    await Promise.race([Promise.all([...this.open].map((connection) => connection.handled())), patience]);
    enough.abort();
  }

  private track(peer: keyof typeof this.connections, connection: Connection): void {
    this.connections[peer]++;
    void connection.closed.then(() => this.connections[peer]--);
    this.open.add(connection);
    void connection.handled().then(() => this.open.delete(connection));
  }
}
