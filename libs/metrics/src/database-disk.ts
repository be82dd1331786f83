import { readFile, statfs } from 'node:fs/promises';
import type { EntityManager } from 'typeorm';

interface Place {
  /** The process that answers. */
  pid: number;
  /** Where the server has its files; null: this user is not told. */
  folder: string | null;
}

/**
 * The free part of the disk with the database's files; null: it cannot be known, since the server runs on another machine or
 * in a container, or does not tell this user where they are.
 */
export async function databaseDisk(manager: EntityManager): Promise<number | null> {
  const [{ pid, folder }] = await manager.query<[Place]>(
    `select pg_backend_pid() as pid, (select setting from pg_settings where name = 'data_directory') as folder`,
  );
  // A process here by the number that the server knows itself by: a server elsewhere has no such one.
  const title = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  if (folder === null || !title.startsWith('postgres')) return null;
  return freePart(folder).catch(() => null);
}

/** @returns from 0 to 1 @throws when there is no such folder */
export async function freePart(folder: string): Promise<number> {
  const { bavail, blocks, bfree } = await statfs(folder);
  // What is kept for root counts as used, as df has it.
  return bavail / (blocks - bfree + bavail);
}
