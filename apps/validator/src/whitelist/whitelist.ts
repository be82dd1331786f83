import { Injectable } from '@nestjs/common';
import { Database, PreparedStatement } from '@horde/database';
import { isSs58, Keypair } from '@horde/identity';

const entry = new PreparedStatement('select from whitelisted_hotkey where hotkey = $1');

/** Who may sign the jobs that this validator drives: its own hotkey, and those that its operator has added. */
@Injectable()
export class Whitelist {
  constructor(
    private readonly database: Database,
    private readonly keypair: Keypair,
  ) {}

  async has(hotkey: string): Promise<boolean> {
    if (hotkey === this.keypair.address) return true;
    if (!isSs58(hotkey)) return false;
    return (await entry.run(this.database.manager, [hotkey])).length > 0;
  }
}
