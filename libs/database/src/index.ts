export { Database, Transaction } from './database.ts';
export { DatabaseModule, type DatabaseModuleOptions } from './database.module.ts';
export { Doorbell, type RingListener } from './doorbell/doorbell.ts';
export { PostgresDoorbell } from './doorbell/postgres-doorbell.ts';
export { RedisDoorbell } from './doorbell/redis-doorbell.ts';
export { DatabaseError, openDatabase, type DatabaseOptions } from './open-database.ts';
export { createOutboxTable, Outbox, OutboxRow } from './outbox.ts';
export { becomeSoleProcess, type SoleProcessOptions } from './sole-process.ts';
export { OutboxDrain } from './outbox-drain.ts';
