import { Injectable } from '@nestjs/common';
import { Database } from '@horde/database';

/** So many logins from one address may fail before the next one has to wait. */
const free = 3;
/** It waits for one second, two, four and so on, and never longer than this. @unit seconds */
const longest = 30;
/** After a quiet time of this length an address begins anew. */
const quiet = `interval '15 minutes'`;

/**
 * How fast one address may try passwords. Nothing is ever locked, neither an account nor an address: others wait for
 * themselves alone, whoever is refused while it waits does not wait longer, and the machine's own address is its own.
 */
@Injectable()
export class LoginDelays {
  constructor(private readonly database: Database) {}

  /**
   * Begins an attempt, which counts as failed until `succeeded`: of many at once no more get through.
   *
   * @param address a network of `networkOf`
   * @returns how long the address has to wait; 0: not at all @unit seconds
   */
  async begin(address: string): Promise<number> {
    const { manager } = this.database;
    const next = `case when known.noted_at < now() - ${quiet} then 1 else known.failures + 1 end`;
    const begun = await manager.query<unknown[]>(
      `with old as (delete from login_delay where noted_at < now() - interval '1 hour' and address <> $1)
       insert into login_delay as known (address, failures, retry_at, noted_at) values ($1, 1, now(), now())
       on conflict (address) do update set failures = ${next}, noted_at = now(),
         retry_at = now() + make_interval(secs => case when ${next} <= ${free} then 0
           else least(${longest}, power(2, least(${next} - ${free} - 1, 10))) end)
       where known.retry_at <= now()
       returning address`,
      [address],
    );
    if (begun.length > 0) return 0;
    const [row] = await manager.query<{ wait: number }[]>(
      'select ceil(extract(epoch from retry_at - now()))::integer as wait from login_delay where address = $1',
      [address],
    );
    return Math.max(1, row?.wait ?? 1);
  }

  async succeeded(address: string): Promise<void> {
    await this.database.manager.query('delete from login_delay where address = $1', [address]);
  }
}
