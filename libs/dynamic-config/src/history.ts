import type { Database, Transaction } from '@horde/database';
import type { Item } from './document.ts';

/** Who says values: whoever runs the service, or its documents. */
export type Origin = 'operator' | 'remote';

/** So many changes are kept; older ones are forgotten. */
export const keptConfigChanges = 1_000;

/** One change of what somebody says of a key. */
export interface ConfigChange {
  name: string;
  from: Origin;
  /** The operator's account, of the panel or of the machine where a command was typed; null: it is of the documents. */
  by: string | null;
  /** What was said before; null: nothing was. */
  old: Item[] | null;
  /** What is said since; null: nothing is. */
  new: Item[] | null;
  at: Date;
}

/** To be called before changes in a transaction: what each of them replaces is known then. */
export async function beginChanges({ manager }: Transaction): Promise<void> {
  await manager.query(`select pg_advisory_xact_lock(hashtext('dynamic configuration'))`);
}

/** Who says something of keys. */
export interface Speaker {
  from: Origin;
  /** The operator's account; null: nobody's, it is of the documents. */
  by: string | null;
}

/** What was said of a key before, and is since; null: nothing. */
export type ChangedItems = Pick<ConfigChange, 'name' | 'old' | 'new'>;

/** Stores what is said of a key. @returns what has changed: nothing where it is said already */
export function storeItems(
  { manager }: Transaction,
  { from, by }: Speaker,
  name: string,
  items: Item[],
): Promise<ChangedItems[]> {
  return manager.query(
    `with old as (select items from dynamic_config where key = $1 and source = $2),
       changed as (
         insert into dynamic_config (key, source, items) values ($1, $2, $3::jsonb)
         on conflict (key, source) do update set items = excluded.items, changed_at = now()
         where dynamic_config.items is distinct from excluded.items returning items
       )
     insert into dynamic_config_change (key, source, changed_by, old, new)
     select $1, $2, $4, (select items from old), items from changed returning key as name, old, new`,
    [name, from, JSON.stringify(items), by],
  );
}

/** Forgets what is said of keys. @param only of this one @param but of these nothing is forgotten */
export function removeItems(
  { manager }: Transaction,
  { from, by }: Speaker,
  { only = null, but = [] }: { only?: string | null; but?: string[] },
): Promise<ChangedItems[]> {
  return manager.query(
    `with gone as (
       delete from dynamic_config
       where source = $1 and ($2::text is null or key = $2) and not (key = any ($3::text[])) returning key, items
     )
     insert into dynamic_config_change (key, source, changed_by, old) select key, $1, $4, items from gone
     returning key as name, old, new`,
    [from, only, but, by],
  );
}

/** To be called after changes in a transaction. */
export async function forgetOldChanges({ manager }: Transaction): Promise<void> {
  await manager.query(
    'delete from dynamic_config_change where id <= (select max(id) from dynamic_config_change) - $1::bigint',
    [keptConfigChanges],
  );
}

/** The newest changes, newest first. @param name of this key alone; null: of all */
export function readChanges(database: Database, name: string | null, limit: number): Promise<ConfigChange[]> {
  return database.manager.query(
    `select key as name, source as "from", changed_by as by, old, new, changed_at as at from dynamic_config_change
     where $1::text is null or key = $1 order by id desc limit $2`,
    [name, limit],
  );
}

/** The last change of each key. */
export function readLastChanges(database: Database): Promise<ConfigChange[]> {
  return database.manager.query(
    `select distinct on (key) key as name, source as "from", changed_by as by, old, new, changed_at as at
     from dynamic_config_change order by key, id desc`,
  );
}
