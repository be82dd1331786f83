export { QueueModule } from './queue.module.ts';
export { Queues, type Queue, type QueueSettings, type WorkerOptions } from './queue.ts';
