import { HordeClientError } from '@horde/sdk';
import { openClient, type ConnectionOptions } from '../profiles/connection.ts';
import { print } from '../program/print.ts';
import { plain, shortId } from '../terminal/words.ts';
import { findJob } from './find-job.ts';
import { sentenceOfJob } from './sentences.ts';

/** How long its end is waited for. @unit s */
const patience = 15;

/** Has a job ended, and says how it has. */
export async function cancelJob(
  id: string,
  options: ConnectionOptions,
  signal: AbortSignal,
): Promise<number> {
  const { client } = await openClient(options);
  const job = await findJob(client, id, signal);
  await job.cancel({ signal });
  try {
    await job.wait({ timeout: patience, signal });
  } catch (error) {
    if (!(error instanceof HordeClientError) || error.code !== 'WAIT_TIMEOUT') throw error;
  }
  const end = job.hasEnded
    ? `${plain(job.status)}. ${sentenceOfJob(job, Date.now())}`
    : 'it is being cancelled.';
  print(`${shortId(job.uuid)}  ${end}`);
  return 0;
}
