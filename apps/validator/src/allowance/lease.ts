import { randomUUID } from 'node:crypto';
import type { Database } from '@horde/database';

/** Work that one process of the validator does at a time, whichever has it: when that one dies, another takes it. */
export class Lease {
  private readonly holder = randomUUID();

  /**
   * @param name of the work
   * @param time how long it holds after it was last taken. @unit ms
   */
  constructor(
    private readonly database: Database,
    private readonly name: string,
    private readonly time: number,
  ) {}

  /** Takes it, or keeps it. @returns false when another process has it */
  async take(): Promise<boolean> {
    const rows = await this.database.manager.query<unknown[]>(
      `insert into allowance_lease (name, holder, until) values ($1, $2, now() + make_interval(secs => $3))
       on conflict (name) do update set holder = excluded.holder, until = excluded.until
       where allowance_lease.holder = excluded.holder or allowance_lease.until < now()
       returning name`,
      [this.name, this.holder, this.time / 1000],
    );
    return rows.length > 0;
  }

  /** Lets another process have it at once. */
  async leave(): Promise<void> {
    await this.database.manager.query('delete from allowance_lease where name = $1 and holder = $2', [
      this.name,
      this.holder,
    ]);
  }
}
