import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Database } from '@horde/database';
import { FacilitatorSettings } from '../settings.ts';

/** `{32 hex digits}:{unix seconds, base 36}:{HMAC, base64url}`; users take it for an opaque text. */
const pattern = /^([0-9a-f]{32}):([0-9a-z]{1,10}):([A-Za-z0-9_-]{43})$/;

/** Texts that users sign to log in. Nothing is stored before one has been used; then it is, until it expires. */
@Injectable()
export class Nonces {
  constructor(
    private readonly settings: FacilitatorSettings,
    private readonly database: Database,
  ) {}

  issue(): string {
    const text = `${randomBytes(16).toString('hex')}:${Math.floor(Date.now() / 1000).toString(36)}`;
    return `${text}:${this.seal(text, this.settings.secretKey)}`;
  }

  /** Whether this facilitator issued it, not longer than its lifetime ago. */
  isValid(nonce: string): boolean {
    const [, random, issued, seal] = pattern.exec(nonce) ?? [];
    if (!random || !issued || !seal) return false;
    const { secretKey, secretKeyFallbacks } = this.settings;
    const isOf = (secret: string) =>
      timingSafeEqual(Buffer.from(seal), Buffer.from(this.seal(`${random}:${issued}`, secret)));
    if (![secretKey, ...secretKeyFallbacks].some(isOf)) return false;
    return Date.now() / 1000 - parseInt(issued, 36) <= this.settings.nonceLifetime;
  }

  /**
   * Uses a valid nonce up; false when somebody has done so before.
   *
   * @param lifetime how long it counts @unit seconds
   */
  async use(nonce: string, lifetime = this.settings.nonceLifetime): Promise<boolean> {
    const used: unknown[] = await this.database.manager.query(
      `with expired as (delete from used_nonce where expires_at < now())
       insert into used_nonce (nonce, expires_at) values ($1, now() + make_interval(secs => $2))
       on conflict do nothing returning nonce`,
      // Not shorter than the time for which it stays valid, clocks that differ between replicas included.
      [nonce, lifetime + 60],
    );
    return used.length > 0;
  }

  private seal(text: string, secret: string): string {
    return createHmac('sha256', secret).update(`login nonce:${text}`).digest('base64url');
  }
}
