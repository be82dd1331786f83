import * as pg from 'pg';
import { connectionConfig } from './connections.ts';
import type { ContractingMigration } from './migrate.ts';
import type { DatabaseOptions } from './open-database.ts';

export interface PendingMigration {
  name: string;
  /** It takes away or narrows: what was there cannot be had again but from a backup. */
  contracts: boolean;
  /** The version that works on the database now cannot live with it: what replaces it, that version does not know. */
  afterSwitch: boolean;
}

/** What this version would do to the tables of a service, in its order. A database without tables has nothing to lose. */
export async function pendingMigrations({
  service,
  url,
  migrations,
}: Pick<DatabaseOptions, 'service' | 'url' | 'migrations'>): Promise<PendingMigration[]> {
  const client = new pg.Client(connectionConfig({ url, name: service, isPatient: true }));
  await client.connect();
  try {
    const table = `${service}.migrations`;
    const { rows: found } = await client.query('select 1 where to_regclass($1) is not null', [table]);
    if (found.length === 0)
      return migrations.map(({ name }) => ({ name, contracts: false, afterSwitch: false }));
    const { rows } = await client.query<{ name: string }>(`select name from ${table}`);
    const done = new Set(rows.map(({ name }) => name));
    return migrations
      .filter(({ name }) => !done.has(name))
      .map((migration) => {
        const { replacedBy } = new migration() as Partial<ContractingMigration>;
        const contracts = replacedBy !== undefined;
        return { name: migration.name, contracts, afterSwitch: contracts && !done.has(replacedBy) };
      });
  } finally {
    await client.end();
  }
}

/** Of a service's migrations those that may run while the version before still works on its tables. */
export async function migrationsBeside(options: DatabaseOptions): Promise<DatabaseOptions['migrations']> {
  const pending = await pendingMigrations(options);
  const first = pending.findIndex(({ afterSwitch }) => afterSwitch);
  const left = first === -1 ? [] : pending.slice(first).map(({ name }) => name);
  return options.migrations.filter(({ name }) => !left.includes(name));
}
