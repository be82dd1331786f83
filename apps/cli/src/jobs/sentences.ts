import { waitOf } from '@horde/protocol';
import type { Job, JobError } from '@horde/sdk';
import { plain, span } from '../terminal/words.ts';
import { self } from '../program/self.ts';

/** How a job is, or why it failed, in a sentence. @param now ms since 1970 */
export function sentenceOfJob(job: Job, now: number): string {
  const last = job.statusHistory.at(-1);
  const since = last ? now - last.createdAt.getTime() : 0;
  if (job.error) return plain(job.error.message) || `It ended: ${job.error.reason}.`;
  if (job.status === 'completed') return `It completed, ${span(durationOf(job))} after it was created.`;
  const wait = waitOf(job.status);
  return wait ? `It waits until ${wait.next}, for ${span(since)} now.` : `It is ${job.status}.`;
}

/** @returns ms from its creation to its last status */
const durationOf = ({ createdAt, statusHistory }: Job): number =>
  (statusHistory.at(-1)?.createdAt ?? createdAt).getTime() - createdAt.getTime();

/** What a failed job's user can do; null: nothing is known. @param job as commands name it */
export function adviceOn({ kind, reason, stage }: JobError, job: string): string | null {
  if (reason === 'timeout')
    return `Give it more time: ${options[stage ?? ''] ?? '--download, --time or --upload-time'}.`;
  if (kind === 'horde_failure')
    return 'The network failed it, not its container: where nothing above names what to change, run it again.';
  const advice = advices[reason];
  return advice === undefined ? null : advice.replace('JOB', job);
}

/** The option that sets a stage's limit. */
const options: Record<string, string> = {
  volume_download: '--download SECONDS',
  execution: '--time SECONDS',
  result_upload: '--upload-time SECONDS',
};

const advices: Record<string, string | undefined> = {
  nonzero_return_code: `What it printed: ${self} jobs logs JOB`,
  download_failed: 'Check the URLs of its volumes.',
  upload_failed: 'Check the URLs of its uploads.',
  busy: 'Run it again later.',
  no_miner_for_job: `Run it again later, or with another class: ${self} classes`,
  invalid_signature:
    'Check that the validator knows this hotkey, and that the clock of this machine is right.',
};
