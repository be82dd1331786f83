import { FileLog } from './file-log.ts';
import type { Log } from './log.ts';

/** Where a chain is kept: in the database where one is given, else in the file. What the database needs is read only then. */
export async function openLog(settings: { databaseUrl?: string; stateFile: string }): Promise<Log> {
  if (!settings.databaseUrl) return new FileLog(settings.stateFile);
  const { PostgresLog } = await import('./postgres-log.ts');
  return PostgresLog.open(settings.databaseUrl);
}
