export { isTraced, openCollector } from './collector.ts';
export { endedByTime, positionNow } from './ended-by-time.ts';
export { createTraceCursor, dropTraceCursor, JobTraces, type EndedJobs } from './job-traces.ts';
export { places, uuidInTraceOf, type Span } from './span.ts';
