import { Injectable } from '@nestjs/common';
import { Database, GatheredBell, PreparedStatement } from '@horde/database';
import type { ExecutorHandle } from '@horde/executor-manager';
import type { ExecutorClass } from '@horde/protocol';
import { FreedSlots } from '../jobs/freed-slots.ts';

/** A warm executor that no job has taken. */
export interface WarmRow {
  token: string;
  executor_class: ExecutorClass;
  /** Null while it is being started. */
  executor_handle: ExecutorHandle | null;
  /** When it connected first. */
  connected_at: Date | null;
  retiring: boolean;
  /** Since it was asked for. @unit seconds */
  age: number;
}

const all = new PreparedStatement<WarmRow>(
  `select token, executor_class, executor_handle, connected_at, retiring,
     extract(epoch from now() - requested_at)::float8 as age
   from warm_executor order by requested_at`,
);

const setHandle = new PreparedStatement(
  'update warm_executor set executor_handle = $2 where token = $1 returning token',
);

const connected = new PreparedStatement(
  `update warm_executor set connected_at = coalesce(connected_at, now()), executor_address = $2
   where token = $1 returning token`,
);

const remove = new PreparedStatement('delete from warm_executor where token = $1 returning token');

/** The warm executors that no job has taken, as the database has them. One that a job takes leaves this table. */
@Injectable()
export class WarmTable {
  constructor(
    private readonly database: Database,
    private readonly freed: FreedSlots,
    private readonly bell: GatheredBell,
  ) {}

  all(): Promise<WarmRow[]> {
    return all.run(this.database.manager);
  }

  /** Stores where it is; false when a job has taken it meanwhile. */
  setHandle(token: string, handle: ExecutorHandle): Promise<boolean> {
    return this.changed(setHandle, [token, JSON.stringify(handle)]);
  }

  /** It has connected; false when there is none of this token. */
  connected(token: string, address: string): Promise<boolean> {
    return this.changed(connected, [token, address]);
  }

  /** No job gets it any more. @returns where it is now; null when a job has it */
  async retire(token: string): Promise<Pick<WarmRow, 'executor_handle'> | null> {
    const [rows] = await this.database.manager.query<[Pick<WarmRow, 'executor_handle'>[]]>(
      'update warm_executor set retiring = true where token = $1 returning executor_handle',
      [token],
    );
    this.bell.ring('executors');
    return rows[0] ?? null;
  }

  /** It has exited; false when a job has it. */
  async remove(token: string): Promise<boolean> {
    const removed = await this.changed(remove, [token]);
    if (removed) this.freed.ring();
    return removed;
  }

  private async changed(change: PreparedStatement, values: unknown[]): Promise<boolean> {
    const rows = await change.run(this.database.manager, values);
    this.bell.ring('executors');
    return rows.length > 0;
  }
}
