export type { WorkerOptions } from './handler.ts';
export { QueueModule } from './queue.module.ts';
export { Queues, type Queue } from './queue.ts';
export type { QueueSettings } from './store.ts';
