export { startPostgres, stopPostgres } from './server.ts';
export type { PostgresServer, StartPostgres } from './server.ts';
