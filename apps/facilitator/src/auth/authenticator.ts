import { Injectable } from '@nestjs/common';
import { Refusal, unauthorized } from '@horde/rest';
import type { Request } from 'express';
import { RateLimits } from './rate-limits.ts';
import { Tokens } from './tokens.ts';
import { Whitelist } from './whitelist.ts';

/** Tells who sends a request. */
@Injectable()
export class Authenticator {
  constructor(
    private readonly tokens: Tokens,
    private readonly whitelist: Whitelist,
    private readonly limits: RateLimits,
  ) {}

  /** The hotkey of a request's user. @throws Refusal 401 with ComputeHorde's texts, 429 when it asks too often */
  async hotkeyOf({ headers }: Request): Promise<string> {
    const hotkey = await this.hotkeyBehind(headers.authorization);
    this.limits.request(hotkey);
    return hotkey;
  }

  /** Why a request with this header would be refused now; null: it would not. */
  async refusalOf(authorization: string): Promise<Refusal | null> {
    try {
      await this.hotkeyBehind(authorization);
      return null;
    } catch (error) {
      if (error instanceof Refusal) return error;
      throw error;
    }
  }

  private async hotkeyBehind(header: string | undefined): Promise<string> {
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
