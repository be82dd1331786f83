export { Batches } from './batches.ts';
export { Gathered } from './gathered.ts';
export { Conditions } from './conditions.ts';
export { connectionConfig, keptUnused, WatchedClient, type ConnectionOptions } from './connections.ts';
export { Database, Transaction } from './database.ts';
export { DatabaseModule, type DatabaseModuleOptions } from './database.module.ts';
export { Doorbell, type RingListener } from './doorbell/doorbell.ts';
export { GatheredBell } from './doorbell/gathered-bell.ts';
export { PostgresDoorbell } from './doorbell/postgres-doorbell.ts';
export { RedisDoorbell } from './doorbell/redis-doorbell.ts';
export { DatabaseError } from './database-error.ts';
export type { ContractingMigration } from './migrate.ts';
export { migrationsBeside, pendingMigrations, type PendingMigration } from './pending-migrations.ts';
export { openDatabase, type DatabaseOptions } from './open-database.ts';
export { LookUps } from './look-ups.ts';
export { load, measured, reckoned, type Kept } from './kept-tables.ts';
export { inBatches } from './in-batches.ts';
export {
  createJobOutputTables,
  forgetOrderOfJobOutput,
  JobOutputStore,
  keepOutput,
  keepWantedOutput,
  orderJobOutput,
  type StoredPart,
  type StreamPosition,
} from './job-output/job-output.ts';
export {
  createJobFrameTable,
  JobFrames,
  type ExchangedFrame,
  type KeptFrame,
} from './job-frames/job-frames.ts';
export { outputPieces } from './job-output/output-pieces.ts';
export { OutputBell, type OutputListener } from './job-output/output-bell.ts';
export { createLeaseTable, Lease, type LeaseTimes } from './lease.ts';
export {
  createOutboxTable,
  insertMessage,
  Outbox,
  OutboxRow,
  type OutboxMessage,
  type StoredMessage,
} from './outbox.ts';
export { columnsOf } from './columns-of.ts';
export { FollowedStatement, PreparedStatement, type FollowingWrite } from './prepared-statement.ts';
export { becomeSoleProcess, SoleProcess, type SoleProcessOptions } from './sole-process.ts';
export { soleWork } from './sole-work.ts';
export { OutboxDrain } from './outbox-drain.ts';
export { isOutage, isRetryable } from './outage.ts';
