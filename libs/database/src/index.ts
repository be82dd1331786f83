export { Database, Transaction } from './database.ts';
export { DatabaseModule } from './database.module.ts';
export { DatabaseError, openDatabase, type DatabaseOptions } from './open-database.ts';
export { createOutboxTable, Outbox, OutboxRow } from './outbox.ts';
export { becomeSoleProcess, type SoleProcessOptions } from './sole-process.ts';
export { OutboxDrain } from './outbox-drain.ts';
