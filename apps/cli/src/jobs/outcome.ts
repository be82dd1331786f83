import { saveArtifacts, type Job, type SavedFiles } from '@horde/sdk';
import { namedAgain, type ConnectionOptions } from '../profiles/connection.ts';
import { print } from '../program/print.ts';
import { self } from '../program/self.ts';
import { plain } from '../terminal/words.ts';
import { adviceOn, sentenceOfJob } from './sentences.ts';

/** What a command ends with where a job has no exit code of its own, as `docker run` does. */
const noExitCode = 125;

export interface OutcomeOptions extends ConnectionOptions {
  /** Where artifacts are written. */
  save?: string;
  json?: boolean;
}

/** What an ended job's container has printed, wherever its end says it. */
export const outputOf = ({ result, error }: Job): { stdout: string; stderr: string } => ({
  stdout: result?.stdout || (error?.stdout ?? ''),
  stderr: result?.stderr || (error?.stderr ?? ''),
});

/**
 * Shows how a job has ended: its artifacts, and why it failed; as JSON what it printed, too.
 *
 * @param say shows a line beside standard output
 * @returns the container's exit code; 125 where it has none; 1 where that is 0 and the artifacts could not be saved
 */
export async function showOutcome(
  job: Job,
  options: OutcomeOptions,
  say: (line: string) => void,
): Promise<number> {
  const { save, json = false } = options;
  const { error, result } = job;
  const exitCode = error ? (error.exitStatus ?? noExitCode) : 0;
  const artifacts = result?.artifacts ?? new Map<string, Buffer>();
  let saved: SavedFiles = { files: [], leftOut: [] };
  let notSaved = 0;
  const output = outputOf(job);
  const again = namedAgain(job.uuid, options);
  try {
    if (save !== undefined) saved = await saveArtifacts(artifacts, save, job.artifactsDir ?? undefined);
  } catch (failure) {
    notSaved = 1;
    say((failure as Error).message);
    say(`The facilitator keeps them: ${self} jobs result ${again} --save FOLDER`);
  }
  for (const file of saved.files) say(`saved ${file}`);
  for (const path of saved.leftOut) say(`not saved: artifact ${plain(path)}, whose name leads elsewhere`);
  if (save === undefined)
    for (const path of artifacts.keys())
      say(`artifact ${plain(path)}: ${self} jobs result ${again} --save .`);
  else if (!error && artifacts.size === 0) say('The job has left no artifacts: nothing is saved.');
  if (error) {
    say(sentenceOfJob(job, Date.now()));
    const advice = adviceOn(error, again);
    if (advice !== null) say(advice);
  }
  if (json) {
    const { uuid, status } = job;
    const sizes = Object.fromEntries([...artifacts].map(([path, { length }]) => [path, length]));
    const uploads = [...(result?.uploadResults.keys() ?? [])];
    print(
      JSON.stringify({
        uuid,
        status,
        exit_code: exitCode,
        error,
        ...output,
        artifacts: sizes,
        saved: saved.files,
        uploads,
      }),
    );
  }
  return exitCode || notSaved;
}
