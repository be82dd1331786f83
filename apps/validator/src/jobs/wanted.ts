import type { NewJob } from '@horde/protocol';

/** What of a job decides which miners can have it: two jobs that want the same can be had by the same miners. */
export type Wanted = Pick<
  NewJob,
  | 'executor_class'
  | 'on_trusted_miner'
  | 'download_time_limit'
  | 'execution_time_limit'
  | 'upload_time_limit'
  | 'streaming_start_time_limit'
>;

/** As it is stored: jobs that want the same have the same text. */
export const writeWanted = (job: Wanted): string =>
  JSON.stringify({
    executor_class: job.executor_class,
    on_trusted_miner: job.on_trusted_miner,
    download_time_limit: job.download_time_limit,
    execution_time_limit: job.execution_time_limit,
    upload_time_limit: job.upload_time_limit,
    streaming_start_time_limit: job.streaming_start_time_limit,
  } satisfies Wanted);

export const readWanted = (text: string): Wanted => JSON.parse(text) as Wanted;
