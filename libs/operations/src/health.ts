import { Controller, Get, Inject, Injectable, Module, Res, type DynamicModule } from '@nestjs/common';

/**
 * Something a service cannot work without. Resolves when it is there, with a sentence where there is something to know
 * about it; throws a sentence when it is not.
 */
export interface HealthCheck {
  name: string;
  check: () => Promise<string | void>;
  /** Without it the service is not ready. */
  isNeeded: boolean;
}

/** Collects what a service needs to be ready; its parts add their own checks. */
@Injectable()
export class Health {
  private readonly checks: HealthCheck[] = [];

  add(name: string, check: HealthCheck['check']): void {
    this.checks.push({ name, check, isNeeded: true });
  }

  /** As `add`, for what an operator should know of, and the service works without. */
  tell(name: string, check: HealthCheck['check']): void {
    this.checks.push({ name, check, isNeeded: false });
  }

  async report(): Promise<{ ready: boolean; checks: Record<string, string> }> {
    const results = await Promise.all(
      this.checks.map(async ({ name, check, isNeeded }) => {
        try {
          const said = await withTimeout(check());
          return { name, isFine: true, said: said ?? 'ok' };
        } catch (error) {
          return { name, isFine: !isNeeded, said: error instanceof Error ? error.message : String(error) };
        }
      }),
    );
    return {
      ready: results.every(({ isFine }) => isFine),
      checks: Object.fromEntries(results.map(({ name, said }) => [name, said])),
    };
  }
}

function withTimeout<T>(work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('no answer within 5 s')), 5_000);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

interface StatusResponse {
  status(code: number): unknown;
}

@Controller('health')
class HealthController {
  constructor(@Inject(Health) private readonly health: Health) {}

  /** The process runs. */
  @Get('live')
  live(): { status: string } {
    return { status: 'live' };
  }

  /** Everything it needs is there; 503 with the reasons when not. */
  @Get('ready')
  async ready(@Res({ passthrough: true }) response: StatusResponse): Promise<unknown> {
    const report = await this.health.report();
    response.status(report.ready ? 200 : 503);
    return { status: report.ready ? 'ready' : 'not ready', checks: report.checks };
  }
}

/** `GET /health/live` and `GET /health/ready`. */
@Module({})
export class HealthModule {
  static forRoot(): DynamicModule {
    return {
      module: HealthModule,
      global: true,
      controllers: [HealthController],
      providers: [Health],
      exports: [Health],
    };
  }
}
