import { Injectable } from '@nestjs/common';
import type { Request, Response } from 'express';
import { Sessions, type LoginOf, type Session } from '../accounts/sessions.ts';
import { Surroundings } from './surroundings.ts';

/** The login of a request: read from its cookie, and written into it. */
@Injectable()
export class CurrentSession {
  constructor(
    private readonly sessions: Sessions,
    private readonly surroundings: Surroundings,
  ) {}

  /**
   * null: nobody is logged in, or the request has come in the clear from elsewhere.
   *
   * @param isUse false: the page asks by itself, and its reader may be gone
   */
  async of(request: Request, isUse = isByHand(request)): Promise<Session | null> {
    const token = this.tokenOf(request);
    return token === null ? null : this.sessions.find(token, isUse);
  }

  async begin(request: Request, response: Response, who: LoginOf): Promise<void> {
    this.setCookie(request, response, await this.sessions.open(who));
  }

  async end(request: Request, response: Response): Promise<void> {
    const token = this.tokenOf(request);
    if (token !== null) await this.sessions.close(token);
    this.setCookie(request, response, null);
  }

  private tokenOf(request: Request): string | null {
    const way = this.surroundings.wayOf(request);
    if (way === 'plain') return null;
    const name = this.surroundings.cookieName(way);
    const cookies = (request.headers.cookie ?? '').split(';').map((cookie) => cookie.trim().split('='));
    return cookies.find(([key]) => key === name)?.[1] || null;
  }

  private setCookie(request: Request, response: Response, token: string | null): void {
    const way = this.surroundings.wayOf(request);
    const parts = [
      `${this.surroundings.cookieName(way)}=${token ?? ''}`,
      'Path=/',
      'HttpOnly',
      'SameSite=Strict',
    ];
    if (way === 'tls') parts.push('Secure');
    if (token === null) parts.push('Max-Age=0');
    response.setHeader('set-cookie', parts.join('; '));
  }
}

/** Pages ask again by themselves, and a stream that was cut is opened again by the browser. */
const isByHand = ({ headers }: Request): boolean =>
  headers['x-by-itself'] === undefined && headers.accept !== 'text/event-stream';
