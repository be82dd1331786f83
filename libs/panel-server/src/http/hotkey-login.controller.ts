import { Controller, Get, Header, HttpException, Inject, Post, Req, Res, UseFilters } from '@nestjs/common';
import { LOGGER, LogThrottle, type Logger } from '@horde/operations';
import { RefusalFilter } from '@horde/rest';
import type { Request, Response } from 'express';
import { HotkeyLogins } from '../accounts/hotkey-logins.ts';
import { LoginDelays } from '../accounts/login-delays.ts';
import { PanelOptions } from '../options.ts';
import { CurrentSession } from './current-session.ts';
import { readForm } from './form.ts';
import { hotkeyPage, hotkeyScript } from './hotkey-page.ts';
import { isForeign, Surroundings } from './surroundings.ts';

const policy =
  "default-src 'none'; style-src 'self'; script-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/**
 * Logging in with a hotkey: `horde panel login` sends a signature and is given a code, which it puts behind the # of this
 * page's address. Browsers send that to nobody, so it is in no log; the page's script puts it into a form.
 */
@Controller('admin/login/hotkey')
@UseFilters(RefusalFilter)
export class HotkeyLoginController {
  private readonly throttle = new LogThrottle();

  constructor(
    private readonly logins: HotkeyLogins,
    private readonly current: CurrentSession,
    private readonly delays: LoginDelays,
    private readonly surroundings: Surroundings,
    private readonly options: PanelOptions,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  @Get()
  show(@Req() request: Request, @Res() response: Response): void {
    if (this.surroundings.wayOf(request) === 'plain') return response.redirect(303, '/admin/login/');
    this.send(response, 200, null);
  }

  @Get('script.js')
  @Header('content-type', 'text/javascript; charset=utf-8')
  script(): string {
    return hotkeyScript;
  }

  /** What a signature has to name. */
  @Get('service')
  service(): { service: string } {
    this.requireHotkeys();
    return { service: this.options.api.service };
  }

  /** Takes the fields of a `SignedPanelLogin`. */
  @Post('code')
  async code(@Req() request: Request): Promise<{ code: string }> {
    this.requireHotkeys();
    this.requireSafety(request);
    const form = await readForm(request);
    const field = (name: string) => form.get(name) ?? '';
    const address = await this.begin(request);
    const login = {
      hotkey: field('hotkey'),
      origin: field('origin'),
      service: field('service'),
      nonce: field('nonce'),
      at: Number(field('at')),
      signature: field('signature'),
    };
    const given = await this.logins.codeFor(login, this.surroundings.originOf(request, login.origin));
    if (typeof given !== 'string') {
      await this.delays.succeeded(address);
      return given;
    }
    if (this.throttle.allows(address))
      this.logger.warn({ address, why: given }, 'a login to the panel with a hotkey has failed');
    throw new HttpException(given, 403);
  }

  /** Gives a code for a session. */
  @Post()
  async logIn(@Req() request: Request, @Res() response: Response): Promise<void> {
    this.requireSafety(request);
    const form = await readForm(request);
    const address = await this.begin(request);
    const hotkey = await this.logins.redeem(form.get('code') ?? '');
    if (hotkey === null)
      return this.send(response, 403, 'This link has been used, or is older than a minute.');
    await this.delays.succeeded(address);
    await this.current.end(request, response);
    await this.current.begin(request, response, { hotkey });
    this.logger.info({ operator: hotkey, address }, 'an operator has logged in with a hotkey');
    response.redirect(303, '/admin/');
  }

  private send(response: Response, status: number, problem: string | null): void {
    response.status(status).type('html').setHeader('content-security-policy', policy);
    response.send(hotkeyPage(this.options.api.service, problem));
  }

  /** Counts as failed until it has succeeded. @throws HttpException 429 @returns the address */
  private async begin(request: Request): Promise<string> {
    const address = this.surroundings.networkOf(request);
    const wait = await this.delays.begin(address);
    if (wait > 0)
      throw new HttpException(`Too many logins have failed from ${address}. Try again in ${wait} s.`, 429);
    return address;
  }

  /** @throws HttpException 403 */
  private requireSafety(request: Request): void {
    if (this.surroundings.wayOf(request) === 'plain')
      throw new HttpException('Nobody logs in over a connection that is not encrypted.', 403);
    if (isForeign(request)) throw new HttpException('This form is not of this panel.', 403);
  }

  /** @throws HttpException 403 */
  private requireHotkeys(): void {
    if (!this.logins.areAllowed)
      throw new HttpException('No hotkey logs in here: PANEL_HOTKEYS names none.', 403);
  }
}
