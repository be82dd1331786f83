import { All, Controller, Get, HttpCode, Post, Req, Res } from '@nestjs/common';
import { isSs58, verifyHex } from '@horde/identity';
import { JsonFloat, type JsonValue } from '@horde/protocol';
import type { Request, Response } from 'express';
import { readJsonBody } from '../http/body.ts';
import { otherMethods } from '../http/other-methods.ts';
import { failure } from '../http/refusal.ts';
import { Authenticator } from './authenticator.service.ts';
import { Nonces } from './nonces.service.ts';
import { Tokens } from './tokens.service.ts';
import { Whitelist } from './whitelist.service.ts';

/** Logging in: a user signs a nonce with the hotkey and gets a token. */
@Controller('auth')
export class AuthController {
  constructor(
    private readonly nonces: Nonces,
    private readonly tokens: Tokens,
    private readonly whitelist: Whitelist,
    private readonly authenticator: Authenticator,
  ) {}

  @Get('nonce')
  async nonce(@Req() request: Request): Promise<{ nonce: string }> {
    if (request.headers.authorization) await this.authenticator.hotkeyOf(request);
    return { nonce: this.nonces.issue() };
  }

  /** The signature is over the bytes of the whole nonce: 128 hexadecimal digits, without 0x. */
  @Post('login')
  @HttpCode(200)
  async login(@Req() request: Request): Promise<{ token: string }> {
    const { json } = await readJsonBody(request);
    const field = (name: string): JsonValue => (json instanceof Map ? (json.get(name) ?? null) : null);
    const hotkey = field('hotkey');
    const signature = field('signature');
    const nonce = field('nonce');
    if (isEmpty(hotkey)) throw failure(400, 'Missing hotkey');
    if (isEmpty(signature)) throw failure(400, 'Missing signature');
    if (isEmpty(nonce)) throw failure(400, 'Missing nonce');
    if (typeof nonce !== 'string' || !this.nonces.isValid(nonce)) throw failure(400, 'Invalid nonce');
    if (typeof hotkey !== 'string' || !isSs58(hotkey) || typeof signature !== 'string' || !isHex(signature)) {
      throw failure(400, 'Nonce expired or not found');
    }
    if (!verifyHex(nonce, `0x${signature}`, hotkey)) throw failure(401, 'Invalid signature');
    if (!(await this.whitelist.has(hotkey))) throw failure(400, 'Hotkey not allowed');
    if (!(await this.nonces.use(nonce))) throw failure(400, 'Invalid nonce');
    return { token: await this.tokens.issue(hotkey) };
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

const isHex = (text: string): boolean => /^([0-9a-fA-F]{2})+$/.test(text);

/** What counts as missing in ComputeHorde's facilitator: null, "", 0, false, and empty lists and objects. */
function isEmpty(value: JsonValue): boolean {
  if (value instanceof JsonFloat) return value.value === 0;
  if (Array.isArray(value)) return value.length === 0;
  return value instanceof Map ? value.size === 0 : !value;
}
