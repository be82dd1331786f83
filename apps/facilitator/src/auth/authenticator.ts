import { Injectable } from '@nestjs/common';
import type { Request } from 'express';
import { unauthorized } from '../http/refusal.ts';
import { Tokens } from './tokens.ts';
import { Whitelist } from './whitelist.ts';

/** Tells who sends a request. */
@Injectable()
export class Authenticator {
  constructor(
    private readonly tokens: Tokens,
    private readonly whitelist: Whitelist,
  ) {}

  /** The hotkey of a request's user. @throws Refusal 401 with ComputeHorde's texts */
  async hotkeyOf(request: Request): Promise<string> {
    const header = request.headers.authorization;
    if (!header) throw notProvided();
    // oxlint-disable-next-line no-control-regex -- all of ASCII
    if (!/^[\x00-\x7f]*$/.test(header)) throw unauthorized('Invalid token header encoding.');
    const [scheme, token, ...more] = header.split(' ');
    if (!token || more.length > 0) throw unauthorized('Invalid token header format.');
    if (scheme!.toLowerCase() !== 'bearer') throw notProvided();
    const hotkey = await this.tokens.hotkeyOf(token);
    if (!(await this.whitelist.has(hotkey))) throw unauthorized('Unauthorized hotkey.');
    return hotkey;
  }
}

const notProvided = () => unauthorized('Authentication credentials were not provided.');
