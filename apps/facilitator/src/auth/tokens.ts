import { createHmac } from 'node:crypto';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Database } from '@horde/database';
import { decodeJwt, errors, jwtVerify, SignJWT } from 'jose';
import { unauthorized } from '../http/refusal.ts';
import { FacilitatorSettings } from '../settings.ts';

/** Login tokens: JWT, HS256, `sub` is the hotkey. */
@Injectable()
export class Tokens implements OnModuleInit {
  private readonly key: Uint8Array;
  /** Since when tokens are signed with this key. @unit unix seconds */
  private keySince = 0;

  constructor(
    private readonly settings: FacilitatorSettings,
    private readonly database: Database,
  ) {
    this.key = new TextEncoder().encode(settings.secretKey);
  }

  async onModuleInit(): Promise<void> {
    const fingerprint = createHmac('sha256', this.settings.secretKey).update('signing key').digest('hex');
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
      .sign(this.key);
  }

  /** The hotkey that a token was issued to. @throws Refusal 401 with ComputeHorde's texts */
  async hotkeyOf(token: string): Promise<string> {
    let subject;
    try {
      const { payload } = await jwtVerify(token, this.key, { algorithms: ['HS256'] });
      subject = payload.sub;
    } catch (error) {
      if (error instanceof errors.JWTExpired || this.isOfAnEarlierKey(token))
        throw unauthorized('Token expired.');
      throw unauthorized('Token decode error.');
    }
    if (!subject) throw unauthorized('Token missing subject.');
    return subject;
  }

  /** The Python SDK logs in again only after "Token expired", so it has to hear that once the key has changed, too. */
  private isOfAnEarlierKey(token: string): boolean {
    try {
      const { iat } = decodeJwt(token);
      return typeof iat === 'number' && iat <= this.keySince;
    } catch {
      return false;
    }
  }
}
