import { createHmac, webcrypto } from 'node:crypto';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Database } from '@horde/database';
import { unauthorized } from '@horde/rest';
import { decodeJwt, errors, jwtVerify, SignJWT, type JWTPayload } from 'jose';
import { FacilitatorSettings } from '../settings.ts';

/** Login tokens: JWT, HS256, `sub` is the hotkey. */
@Injectable()
export class Tokens implements OnModuleInit {
  /** The first one signs; all of them verify. */
  private keys: webcrypto.CryptoKey[] = [];
  /** Since when tokens are signed with the first key. @unit unix seconds */
  private keySince = 0;

  constructor(
    private readonly settings: FacilitatorSettings,
    private readonly database: Database,
  ) {}

  async onModuleInit(): Promise<void> {
    const { secretKey, secretKeyFallbacks } = this.settings;
    this.keys = await Promise.all([secretKey, ...secretKeyFallbacks].map(keyOf));
    const fingerprint = createHmac('sha256', secretKey).update('signing key').digest('hex');
    const [row] = (await this.database.manager.query(
      `insert into signing_key as stored (fingerprint) values ($1)
       on conflict (id) do update set fingerprint = $1,
         since = case when stored.fingerprint = $1 then stored.since else now() end
       returning extract(epoch from since)::float8 as since`,
      [fingerprint],
    )) as { since: number }[];
    this.keySince = row!.since;
  }

  issue(hotkey: string): Promise<string> {
    const now = Math.floor(Date.now() / 1000);
    return new SignJWT({ sub: hotkey, iat: now, exp: now + this.settings.jwtLifetime })
      .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
      .sign(this.keys[0]!);
  }

  /** The hotkey that a token was issued to. @throws Refusal 401 with ComputeHorde's texts */
  async hotkeyOf(token: string): Promise<string> {
    let subject;
    try {
      subject = (await this.verified(token)).sub;
    } catch (error) {
      if (error instanceof errors.JWTExpired || this.isOver(token)) throw unauthorized('Token expired.');
      throw unauthorized('Token decode error.');
    }
    if (!subject) throw unauthorized('Token missing subject.');
    return subject;
  }

  private async verified(token: string): Promise<JWTPayload> {
    for (const [index, key] of this.keys.entries()) {
      try {
        return (await jwtVerify(token, key, { algorithms: ['HS256'] })).payload;
      } catch (error) {
        const isOfAnother = error instanceof errors.JWSSignatureVerificationFailed;
        if (!isOfAnother || index === this.keys.length - 1) throw error;
      }
    }
    throw new Error('There is no key.');
  }

  /**
   * Whether a token that no key verifies has run out, or is of an earlier key. The Python SDK logs in again only after
   * "Token expired", so it has to hear that then, too.
   */
  private isOver(token: string): boolean {
    try {
      const { iat, exp } = decodeJwt(token);
      return (
        (typeof iat === 'number' && iat <= this.keySince) ||
        (typeof exp === 'number' && exp * 1_000 < Date.now())
      );
    } catch {
      return false;
    }
  }
}

/** Made once: each request's token is verified with it. */
const keyOf = (secret: string): Promise<webcrypto.CryptoKey> =>
  webcrypto.subtle.importKey(
    'raw',
    new TextEncoder().encode(secret),
    { name: 'HMAC', hash: 'SHA-256' },
    false,
    ['sign', 'verify'],
  );
