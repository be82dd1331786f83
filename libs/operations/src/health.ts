import { Controller, Get, Inject, Injectable, Module, Res, type DynamicModule } from '@nestjs/common';

/** Something a service cannot work without. Resolves when it is there, throws a sentence when it is not. */
export interface HealthCheck {
  name: string;
  check: () => Promise<void>;
}

/** Collects what a service needs to be ready; its parts add their own checks. */
@Injectable()
export class Health {
  private readonly checks: HealthCheck[] = [];

  add(name: string, check: () => Promise<void>): void {
    this.checks.push({ name, check });
  }

  async report(): Promise<{ ready: boolean; checks: Record<string, string> }> {
    const results = await Promise.all(
      this.checks.map(async ({ name, check }) => {
        try {
          await withTimeout(check());
          return [name, 'ok'] as const;
        } catch (error) {
          return [name, error instanceof Error ? error.message : String(error)] as const;
        }
      }),
    );
    return { ready: results.every(([, result]) => result === 'ok'), checks: Object.fromEntries(results) };
  }
}

function withTimeout(work: Promise<void>): Promise<void> {
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
