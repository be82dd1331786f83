import { Database, openDatabase, OutboxRow } from '@horde/database';
import { createTestDatabase } from '@horde/testing/database';
import { databaseOptions } from '../database.ts';

/** A validator's empty database. */
export async function openTestDatabase(): Promise<Database> {
  const options = databaseOptions(await createTestDatabase(databaseOptions));
  return new Database(await openDatabase({ ...options, entities: [...options.entities, OutboxRow] }));
}
