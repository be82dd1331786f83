import { openClient, type ConnectionOptions } from '../profiles/connection.ts';
import { findJob } from './find-job.ts';
import { outputOf, showOutcome, type OutcomeOptions } from './outcome.ts';
import { sentenceOfJob } from './sentences.ts';

const note = (line: string): void => void process.stderr.write(`${line}\n`);

/** @returns what `jobs run` would have ended with; 1 while the job has not ended */
export async function showResult(
  id: string | null,
  options: ConnectionOptions & OutcomeOptions,
  signal: AbortSignal,
): Promise<number> {
  const { client } = await openClient(options);
  const job = await findJob(client, id, signal);
  if (!job.hasEnded) {
    note(sentenceOfJob(job, Date.now()));
    return 1;
  }
  if (!options.json) {
    const { stdout, stderr } = outputOf(job);
    process.stdout.write(stdout);
    process.stderr.write(stderr);
  }
  return showOutcome(job, options, note);
}
