import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Database } from '@horde/database';
import { verifyHex } from '@horde/identity';
import { panelLoginText, type PanelLogin } from '@horde/protocol';
import { PanelOptions } from '../options.ts';
import { hashOf } from './sessions.ts';

/** How long a signature counts, before and after its moment, and how long the code that it is given for. @unit ms */
const lifetime = 60_000;
/** So long it is known which nonces were used: longer than any signature counts. */
const remembered = `interval '10 minutes'`;

/** What was signed, and its signature: 0x and 128 hexadecimal digits. */
export interface SignedPanelLogin extends PanelLogin {
  signature: string;
}

/**
 * Logins by hotkeys of PANEL_HOTKEYS. A signature is given for a code, which a browser gives for a session: each once, each
 * within a minute. Of a code only its hash is stored.
 */
@Injectable()
export class HotkeyLogins {
  constructor(
    private readonly database: Database,
    private readonly options: PanelOptions,
  ) {}

  get areAllowed(): boolean {
    return this.options.hotkeys.size > 0;
  }

  /**
   * The code for a signature.
   *
   * @param origin of the panel, as the request that brings the signature has come
   * @returns a sentence where there is none
   */
  async codeFor(login: SignedPanelLogin, origin: string | null): Promise<{ code: string } | string> {
    const { hotkey, service, nonce, at, signature } = login;
    if (origin === null || login.origin !== origin)
      return `This panel is not known as ${login.origin.slice(0, 300)}: name it in PANEL_ORIGINS.`;
    if (service !== this.options.api.service) return `This is the panel of the ${this.options.api.service}.`;
    if (!/^[\w-]{43}$/.test(nonce)) return 'The nonce is not 32 bytes in base64url.';
    const distance = Math.abs(Date.now() - at);
    if (!(distance <= lifetime))
      return `It was signed ${Math.round(distance / 1_000)} s before or after now, by this machine's clock: set both clocks.`;
    if (!this.options.hotkeys.has(hotkey) || !verifyHex(panelLoginText(login), signature, hotkey))
      return 'This is no signature of a hotkey of PANEL_HOTKEYS.';
    const code = randomBytes(32).toString('base64url');
    const stored = await this.database.manager.query<unknown[]>(
      `with old as (delete from hotkey_login where signed_at < clock_timestamp() - ${remembered} and nonce <> $1)
       insert into hotkey_login (nonce, hotkey, code_hash) values ($1, $2, $3) on conflict do nothing returning nonce`,
      [nonce, hotkey, hashOf(code)],
    );
    return stored.length > 0 ? { code } : 'This signature has been used.';
  }

  /** The hotkey that a code was given to, once; null: there is no such code, or no longer. */
  async redeem(code: string): Promise<string | null> {
    const [rows] = await this.database.manager.query<[{ hotkey: string }[], number]>(
      `update hotkey_login set code_hash = null
       where code_hash = $1 and signed_at > clock_timestamp() - make_interval(secs => ${lifetime / 1_000}) returning hotkey`,
      [hashOf(code)],
    );
    return rows[0]?.hotkey ?? null;
  }
}
