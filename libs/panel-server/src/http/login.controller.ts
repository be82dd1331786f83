import { Controller, Get, Header, HttpException, Inject, Post, Req, Res } from '@nestjs/common';
import { LOGGER, LogThrottle, type Logger } from '@horde/operations';
import { HordeError } from '@horde/protocol';
import type { Request, Response } from 'express';
import { LoginDelays } from '../accounts/login-delays.ts';
import { Operators } from '../accounts/operators.ts';
import { TooManyPasswords } from '../accounts/passwords.ts';
import { PanelOptions } from '../options.ts';
import { CurrentSession } from './current-session.ts';
import { readForm } from './form.ts';
import { style } from './html.ts';
import { requireOwnPage } from './operator.guard.ts';
import { loginPage, noAccountPage, passwordPage, tunnelPage } from './pages.ts';
import { isForeign, Surroundings } from './surroundings.ts';

/** Logging in and out: plain forms, which need no script and nothing of the panel behind them. */
@Controller('admin')
export class LoginController {
  private readonly throttle = new LogThrottle();

  constructor(
    private readonly operators: Operators,
    private readonly current: CurrentSession,
    private readonly delays: LoginDelays,
    private readonly surroundings: Surroundings,
    private readonly options: PanelOptions,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  @Get('login')
  async show(@Req() request: Request, @Res() response: Response): Promise<void> {
    const { service } = this.options.api;
    if (this.surroundings.wayOf(request) === 'plain')
      return send(response, 200, tunnelPage(service, ...addressOf(request)));
    if (await this.current.of(request)) return response.redirect(303, '/admin/');
    const hotkeys = this.options.hotkeys.size > 0;
    const exists = await this.operators.exist();
    send(response, 200, exists ? loginPage(service, hotkeys, null) : noAccountPage(service, hotkeys));
  }

  @Get('login/style.css')
  @Header('content-type', 'text/css; charset=utf-8')
  @Header('cache-control', 'max-age=3600')
  style(): string {
    return style;
  }

  @Post('login')
  async logIn(@Req() request: Request, @Res() response: Response): Promise<void> {
    const refuse = (status: number, sentence: string) =>
      send(response, status, loginPage(this.options.api.service, this.options.hotkeys.size > 0, sentence));
    if (this.surroundings.wayOf(request) === 'plain')
      throw new HttpException('Nobody logs in over a connection that is not encrypted.', 403);
    if (isForeign(request)) throw new HttpException('This form is not of this panel.', 403);
    const form = await readForm(request);
    const address = this.surroundings.networkOf(request);
    const wait = await this.delays.begin(address);
    if (wait > 0) {
      response.setHeader('retry-after', String(wait));
      return refuse(429, `Too many logins have failed from ${address}. Try again in ${wait} s.`);
    }
    const name = form.get('name') ?? '';
    const operator = await this.verified(name, form.get('password') ?? '');
    if (operator === 'busy')
      return refuse(429, 'Too many log in at this moment. Try again in a few seconds.');
    if (!operator) {
      if (this.throttle.allows(address)) this.logger.warn({ address }, 'a login to the panel has failed');
      return refuse(403, 'There is no account with this name and password.');
    }
    await this.delays.succeeded(address);
    await this.current.begin(request, response, { operator: operator.name });
    this.logger.info({ operator: operator.name, address }, 'an operator has logged in');
    response.redirect(303, operator.mustChangePassword ? '/admin/password/' : '/admin/');
  }

  @Post('logout')
  async logOut(@Req() request: Request, @Res() response: Response): Promise<void> {
    const session = await this.current.of(request);
    if (session) requireOwnPage(request, session);
    await this.current.end(request, response);
    response.status(204).end();
  }

  @Get('password')
  async showPassword(@Req() request: Request, @Res() response: Response): Promise<void> {
    const session = await this.current.of(request);
    if (!session) return response.redirect(303, '/admin/login/');
    if (session.isHotkey) return response.redirect(303, '/admin/');
    const { requestToken, mustChangePassword } = session;
    send(response, 200, passwordPage(this.options.api.service, requestToken, mustChangePassword, null));
  }

  @Post('password')
  async changePassword(@Req() request: Request, @Res() response: Response): Promise<void> {
    const session = await this.current.of(request);
    if (!session) return response.redirect(303, '/admin/login/');
    if (session.isHotkey) return response.redirect(303, '/admin/');
    const form = await readForm(request);
    requireOwnPage(request, session, form.get('token') ?? '');
    const { name, requestToken, mustChangePassword } = session;
    const refuse = (status: number, sentence: string) =>
      send(
        response,
        status,
        passwordPage(this.options.api.service, requestToken, mustChangePassword, sentence),
      );
    const address = this.surroundings.networkOf(request);
    const wait = await this.delays.begin(address);
    if (wait > 0) return refuse(429, `Try again in ${wait} s.`);
    const [password, next] = [form.get('password') ?? '', form.get('new') ?? ''];
    if (password === next) return refuse(400, 'The new password is the present one.');
    const verified = await this.verified(name, password);
    if (verified === 'busy') return refuse(429, 'Try again in a few seconds.');
    if (!verified) return refuse(403, 'The present password is another one.');
    await this.delays.succeeded(address);
    try {
      await this.operators.setPassword(name, next, name);
    } catch (error) {
      if (error instanceof HordeError) return refuse(400, error.message);
      throw error;
    }
    await this.current.begin(request, response, { operator: name });
    response.redirect(303, '/admin/');
  }

  private async verified(name: string, password: string) {
    try {
      return await this.operators.verified(name, password);
    } catch (error) {
      if (error instanceof TooManyPasswords) return 'busy';
      throw error;
    }
  }
}

const policy =
  "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

function send(response: Response, status: number, html: string): void {
  response.status(status).type('html').setHeader('content-security-policy', policy).send(html);
}

/** The name that the reader's machine has for this one; anything may stand there. */
function addressOf({ headers, socket }: Request): [host: string, port: number] {
  const [, host = 'HOST', port = socket.localPort ?? 0] =
    /^([\w.-]{1,253}|\[[\da-f:]{2,45}\])(?::(\d{1,5}))?$/i.exec(headers.host ?? '') ?? [];
  return [host, Number(port)];
}
