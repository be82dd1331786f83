import { All, Controller, Get, HttpCode, Inject, Post, Req, Res } from '@nestjs/common';
import { isSs58, verifyHex } from '@horde/identity';
import { LOGGER, LogThrottle, type Logger } from '@horde/operations';
import { JsonFloat, type JsonValue } from '@horde/protocol';
import { failure, type Refusal, withJsonBody } from '@horde/rest';
import { networkOf, TrustedProxies } from '@horde/transport';
import type { Request, Response } from 'express';
import { otherMethods } from '../http/other-methods.ts';
import { FacilitatorSettings } from '../settings.ts';
import { Authenticator } from './authenticator.ts';
import { Nonces } from './nonces.ts';
import { RateLimits } from './rate-limits.ts';
import { Tokens } from './tokens.ts';
import { Whitelist } from './whitelist.ts';

/** Of a login nothing is known before it is read: it has some 300 bytes. @unit bytes */
const maxLogin = 4_096;

/** Logging in: a user signs a nonce with the hotkey and gets a token. */
@Controller('auth')
export class AuthController {
  private readonly throttle = new LogThrottle();
  private readonly proxies: TrustedProxies;

  constructor(
    private readonly nonces: Nonces,
    private readonly tokens: Tokens,
    private readonly whitelist: Whitelist,
    private readonly authenticator: Authenticator,
    private readonly limits: RateLimits,
    settings: FacilitatorSettings,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.proxies = new TrustedProxies(settings.trustedProxies);
  }

  @Get('nonce')
  async nonce(@Req() request: Request): Promise<{ nonce: string }> {
    if (request.headers.authorization) await this.authenticator.hotkeyOf(request);
    return { nonce: this.nonces.issue() };
  }

  /** The signature is over the bytes of the whole nonce: 128 hexadecimal digits, without 0x. */
  @Post('login')
  @HttpCode(200)
  async login(@Req() request: Request): Promise<{ token: string }> {
    const sender = networkOf(this.proxies.addressOf(request.headers, request.socket.remoteAddress ?? ''));
    this.limits.login(sender);
    return withJsonBody(request, { limit: maxLogin, sender }, (json) => this.logIn(json));
  }

  private async logIn(json: JsonValue): Promise<{ token: string }> {
    const field = (name: string): JsonValue => (json instanceof Map ? (json.get(name) ?? null) : null);
    const hotkey = field('hotkey');
    const signature = field('signature');
    const nonce = field('nonce');
    if (isEmpty(hotkey)) throw failure(400, 'Missing hotkey');
    if (isEmpty(signature)) throw failure(400, 'Missing signature');
    if (isEmpty(nonce)) throw failure(400, 'Missing nonce');
    if (typeof nonce !== 'string' || !this.nonces.isValid(nonce))
      throw this.noted(hotkey, failure(400, 'Invalid nonce'), staleNonce);
    if (typeof hotkey !== 'string' || !isSs58(hotkey) || typeof signature !== 'string' || !isHex(signature)) {
      throw failure(400, 'Nonce expired or not found');
    }
    if (!verifyHex(nonce, `0x${signature}`, hotkey))
      throw this.noted(hotkey, failure(401, 'Invalid signature'), 'it has to sign the nonce with its hotkey');
    this.limits.loginOf(hotkey);
    if (!(await this.whitelist.has(hotkey))) {
      const remedy = `the command "whitelist_hotkey ${hotkey}" of this facilitator lets it in`;
      const details = `The hotkey ${hotkey} is not on the whitelist of this facilitator. Ask its operator: ${remedy}.`;
      throw this.noted(hotkey, failure(400, 'Hotkey not allowed', details), remedy);
    }
    if (!(await this.nonces.use(nonce)))
      throw this.noted(hotkey, failure(400, 'Invalid nonce'), 'each login needs a nonce of its own');
    return { token: await this.tokens.issue(hotkey) };
  }

  /** Leaves a line in the log, for each hotkey at most once a minute. */
  private noted(hotkey: JsonValue, refusal: Refusal, remedy: string): Refusal {
    if (typeof hotkey === 'string' && isSs58(hotkey) && this.throttle.allows(hotkey))
      this.logger.warn(
        { hotkey, remedy },
        `a login was refused: ${(refusal.body as { error: string }).error}`,
      );
    return refusal;
  }

  @All('nonce')
  otherThanNonce(@Req() request: Request, @Res({ passthrough: true }) response: Response): object {
    return otherMethods(request, response, { name: 'Nonce', allow: 'GET, OPTIONS' });
  }

  @All('login')
  otherThanLogin(@Req() request: Request, @Res({ passthrough: true }) response: Response): object {
    return otherMethods(request, response, { name: 'Login', allow: 'OPTIONS, POST' });
  }
}

const staleNonce =
  'its nonce is not of this facilitator or too old: replicas need the same SECRET_KEY, and clocks that agree';

const isHex = (text: string): boolean => /^([0-9a-fA-F]{2})+$/.test(text);

/** What counts as missing in ComputeHorde's facilitator: null, "", 0, false, and empty lists and objects. */
function isEmpty(value: JsonValue): boolean {
  if (value instanceof JsonFloat) return value.value === 0;
  if (Array.isArray(value)) return value.length === 0;
  return value instanceof Map ? value.size === 0 : !value;
}
