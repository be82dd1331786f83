import { createHash, randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Database } from '@horde/database';
import { PanelOptions } from '../options.ts';
import type { Operator } from './operators.ts';

/** How long a login lasts at most. */
const lifetime = `interval '12 hours'`;
/** How long it lasts while nothing is asked for. */
const idleTime = `interval '1 hour'`;
/** How exactly it is noted when something was asked for last. */
const precision = `interval '1 minute'`;

const alive = `opened_at > clock_timestamp() - ${lifetime} and used_at > clock_timestamp() - ${idleTime}`;

/** Somebody who is logged in. */
export interface Session extends Operator {
  /** What each change has to be sent with: pages of others do not know it. */
  requestToken: string;
  /** Whether it is a hotkey, which is its name and has no password. */
  isHotkey: boolean;
}

/** Who logs in: an account by its name, or a hotkey. */
export type LoginOf = { operator: string } | { hotkey: string };

/** Who is logged in, at all replicas. Of a token only its hash is stored. */
@Injectable()
export class Sessions {
  constructor(
    private readonly database: Database,
    private readonly options: PanelOptions,
  ) {}

  /** @returns the token */
  async open(who: LoginOf): Promise<string> {
    const token = newToken();
    await this.database.manager.query(
      `with old as (delete from operator_session where not (${alive}))
       insert into operator_session (token_hash, operator, hotkey, request_token) values ($1, $2, $3, $4)`,
      [
        hashOf(token),
        'operator' in who ? who.operator : null,
        'hotkey' in who ? who.hotkey : null,
        newToken(),
      ],
    );
    return token;
  }

  /** null: the token counts no longer. @param isUse whether something is asked for, which keeps a login alive */
  async find(token: string, isUse = true): Promise<Session | null> {
    const [row] = await this.database.manager.query<(Session & { isOld: boolean })[]>(
      `select coalesce(hotkey, name) as name, role, coalesce(must_change_password, false) as "mustChangePassword",
         request_token as "requestToken", hotkey is not null as "isHotkey",
         used_at < clock_timestamp() - ${precision} as "isOld"
       from operator_session left join operator on name = operator where token_hash = $1 and ${alive}`,
      [hashOf(token)],
    );
    if (!row) return null;
    const { isOld, ...session } = row;
    if (session.isHotkey) {
      // What the setting says now counts.
      const role = this.options.hotkeys.get(session.name);
      if (role === undefined) return null;
      session.role = role;
    }
    if (isOld && isUse)
      await this.database.manager.query(
        'update operator_session set used_at = clock_timestamp() where token_hash = $1',
        [hashOf(token)],
      );
    return session;
  }

  async close(token: string): Promise<void> {
    await this.database.manager.query('delete from operator_session where token_hash = $1', [hashOf(token)]);
  }
}

const newToken = (): string => randomBytes(32).toString('base64url');
export const hashOf = (token: string): Buffer => createHash('sha256').update(token).digest();
