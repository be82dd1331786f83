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

export interface HealthReport {
  ready: boolean;
  /** By its name what each check says. */
  checks: Record<string, string>;
  /** Of what the service works without: whether an operator should look at it. */
  attention: Record<string, boolean>;
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

  async report(): Promise<HealthReport> {
    const results = await Promise.all(
      this.checks.map(async ({ name, check, isNeeded }) => {
        try {
          const said = await withTimeout(check());
          return { name, isNeeded, isFine: true, said: said ?? 'ok' };
        } catch (error) {
          const said = error instanceof Error ? error.message : String(error);
          return { name, isNeeded, isFine: false, said };
        }
      }),
    );
    return {
      ready: results.every(({ isFine, isNeeded }) => isFine || !isNeeded),
      attention: Object.fromEntries(
        results.filter(({ isNeeded }) => !isNeeded).map(({ name, isFine }) => [name, !isFine]),
      ),
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
