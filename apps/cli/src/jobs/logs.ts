import { openClient, type ConnectionOptions } from '../profiles/connection.ts';
import { findJob } from './find-job.ts';
import { awaySentence, gapSentence } from './follow.ts';
import { eventsUntilNow } from './news.ts';
import { sentenceOfJob } from './sentences.ts';

const note = (line: string): void => void process.stderr.write(`${line}\n`);

export interface LogsOptions extends ConnectionOptions {
  follow?: boolean;
}

/** Prints what a job has printed, each stream where it belongs; with `follow` until it has ended. */
export async function showLogs(
  id: string | null,
  options: LogsOptions,
  signal: AbortSignal,
): Promise<number> {
  const { client } = await openClient(options);
  const job = await findJob(client, id, signal);
  const onAway = (why: string | null) => note(awaySentence(why));
  const events = options.follow ? job.events({ signal, onAway }) : eventsUntilNow(job, signal);
  let isSilent = true;
  for await (const event of events) {
    if (event.type === 'output') {
      isSilent = false;
      process[event.stream].write(event.bytes);
    } else if (event.type === 'gap') note(gapSentence(event));
  }
  if (!job.hasEnded) note(sentenceOfJob(job, Date.now()));
  else if (isSilent) note(job.error ? sentenceOfJob(job, Date.now()) : 'It printed nothing.');
  return 0;
}
