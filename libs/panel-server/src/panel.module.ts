import {
  Inject,
  Injectable,
  Module,
  type DynamicModule,
  type MiddlewareConsumer,
  type NestModule,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { LOGGER, type Logger } from '@horde/operations';
import type { NextFunction, Request, Response } from 'express';
import { HotkeyLogins } from './accounts/hotkey-logins.ts';
import { LoginDelays } from './accounts/login-delays.ts';
import { Operators } from './accounts/operators.ts';
import { Sessions } from './accounts/sessions.ts';
import type { PanelApi } from './document.ts';
import { CurrentSession } from './http/current-session.ts';
import { HotkeyLoginController } from './http/hotkey-login.controller.ts';
import { LoginController } from './http/login.controller.ts';
import { OperatorGuard } from './http/operator.guard.ts';
import { PanelController } from './http/panel.controller.ts';
import { PanelFiles } from './http/panel-files.ts';
import { Surroundings } from './http/surroundings.ts';
import { LiveController } from './live/live.controller.ts';
import { LiveStreams } from './live/live-streams.ts';
import { panelOptions, PanelOptions, type PanelSettings } from './options.ts';

/** Makes the account that the environment asks for, where there is none at all. */
@Injectable()
class FirstOperator implements OnApplicationBootstrap {
  constructor(
    private readonly options: PanelOptions,
    private readonly operators: Operators,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    const { firstOperator } = this.options;
    if (!firstOperator) return;
    if (!(await this.operators.createFirst(firstOperator))) return;
    const next = firstOperator.mustChangePassword ? ': its password is to be changed at its login' : '';
    this.logger.info(`The account ${firstOperator.name} was made${next}.`);
  }
}

/** `/admin/` of a service: accounts, logins, and the files of the panel. The service adds its own API below `/admin/api/`. */
@Module({})
export class PanelModule implements NestModule {
  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(secureHeaders).forRoutes('admin{/*path}');
  }

  /** @param logger the module of the service has it under LOGGER, which is not seen from here */
  static forRoot(api: PanelApi, settings: PanelSettings, logger: Logger): DynamicModule {
    return {
      module: PanelModule,
      global: true,
      controllers: [LoginController, HotkeyLoginController, PanelController, LiveController],
      providers: [
        { provide: PanelOptions, useValue: panelOptions(api, settings) },
        { provide: LOGGER, useValue: logger },
        Operators,
        Sessions,
        LoginDelays,
        HotkeyLogins,
        Surroundings,
        CurrentSession,
        OperatorGuard,
        PanelFiles,
        LiveStreams,
        FirstOperator,
      ],
      exports: [CurrentSession, OperatorGuard],
    };
  }
}

function secureHeaders(_request: Request, response: Response, next: NextFunction): void {
  response.set({
    'content-security-policy': "default-src 'none'; base-uri 'none'; frame-ancestors 'none'",
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'referrer-policy': 'same-origin',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'cache-control': 'no-store',
  });
  next();
}
