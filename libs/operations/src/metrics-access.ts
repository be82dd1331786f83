import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import {
  Inject,
  Injectable,
  Module,
  UnauthorizedException,
  type BeforeApplicationShutdown,
  type CanActivate,
  type DynamicModule,
  type ExecutionContext,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { serveOnly } from './listen.ts';
import { LogThrottle } from './log-throttle.ts';
import { LOGGER, type Logger } from './logger.ts';

/** Who may read a service's metrics: whoever has the token, and whoever reaches their own port. */
export class MetricsAccess {
  /** METRICS_TOKEN; undefined: nobody has one. */
  metricsToken?: string;
  /** METRICS_PORT; undefined: there is none. */
  metricsPort?: number;
  /** METRICS_HOST. */
  metricsHost!: string;
}

const paths = /^\/(?:business-)?metrics\/?(?:\?|$)/;
/** Requests that came over the metrics' own port. */
const ofOwnPort = new WeakSet<object>();

/** Lets those in who may read metrics. */
@Injectable()
export class MetricsGuard implements CanActivate {
  private readonly throttle = new LogThrottle();

  constructor(
    private readonly access: MetricsAccess,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** @throws UnauthorizedException */
  canActivate(context: ExecutionContext): boolean {
    const http = context.switchToHttp();
    const request = http.getRequest<IncomingMessage>();
    const { metricsToken } = this.access;
    if (ofOwnPort.has(request)) return true;
    const [, given] = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '') ?? [];
    if (metricsToken !== undefined && given !== undefined && isSame(given, metricsToken)) return true;
    const why =
      metricsToken === undefined
        ? 'Metrics are read here with METRICS_TOKEN, which is not set, or at METRICS_PORT.'
        : 'Metrics are read here with METRICS_TOKEN: Authorization: Bearer TOKEN.';
    if (this.throttle.allows(why)) this.logger.warn(`metrics were asked for, and not told: ${why}`);
    http.getResponse<ServerResponse>().setHeader('www-authenticate', 'Bearer');
    throw new UnauthorizedException(why);
  }
}

/** Takes as long for every token. */
const isSame = (one: string, other: string): boolean => timingSafeEqual(digestOf(one), digestOf(other));
const digestOf = (text: string): Buffer => createHash('sha256').update(text).digest();

/** The port that metrics alone are read from, without a token. */
@Injectable()
class MetricsPort implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private server: Server | null = null;

  constructor(
    private readonly access: MetricsAccess,
    private readonly adapters: HttpAdapterHost,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    const { metricsPort: port, metricsHost: host } = this.access;
    if (port === undefined || !this.adapters.httpAdapter) return;
    const service = this.adapters.httpAdapter.getHttpServer() as Server;
    this.server = await serveOnly(paths, service, { host, port }, (request) => ofOwnPort.add(request));
    this.logger.info({ address: this.server.address() }, 'metrics are told without a token');
  }

  beforeApplicationShutdown(): void {
    this.server?.close();
    this.server?.closeAllConnections();
  }
}

/** `MetricsGuard` for the service's controllers, and the metrics' own port. */
@Module({})
export class MetricsAccessModule {
  /** @param access the service's settings @param logger the module of the service has it under LOGGER, which is not seen from here */
  static forRoot(access: MetricsAccess, logger: Logger): DynamicModule {
    return {
      module: MetricsAccessModule,
      global: true,
      providers: [
        { provide: MetricsAccess, useValue: access },
        { provide: LOGGER, useValue: logger },
        MetricsGuard,
        MetricsPort,
      ],
      exports: [MetricsAccess, MetricsGuard],
    };
  }
}
