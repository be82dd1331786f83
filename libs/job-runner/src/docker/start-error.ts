import { failures, type JobFailure } from '../failures.ts';
import { engineSays } from './images.ts';

export interface Unstartable {
  exitCode: 126 | 127;
  sentence: string;
}

/**
 * Whether the engine refused to create or start a container because of the job's command or user. Exit codes as a shell
 * gives them: 127 not found, 126 found but not to be run. Null: something else is wrong.
 */
export function commandNotStartable(error: unknown): Unstartable | null {
  const text = engineSays(error);
  if (/no command specified/i.test(text)) {
    return { exitCode: 127, sentence: 'The job has no command, and its image has none either.' };
  }
  const user = /unable to find (user|group) (?<name>.+?): no matching entries/s.exec(text)?.groups?.['name'];
  if (user) {
    return { exitCode: 126, sentence: `The image runs as ${JSON.stringify(user)}, whom it does not know.` };
  }
  const exec = /exec: "(?<command>.*?)": (?<reason>.*?)(: unknown)?$/s.exec(text)?.groups;
  if (!exec) return null;
  const command = `The command ${JSON.stringify(exec['command'])}`;
  const reason = exec['reason']!;
  if (/executable file not found|no such file or directory/i.test(reason)) {
    return { exitCode: 127, sentence: `${command} is not in the image.` };
  }
  return { exitCode: 126, sentence: `${command} cannot be run: ${reason}.` };
}

/** Whether the engine refused a container because of what the job asks. Null: it is the machine's trouble. */
export function refusedSpec(error: unknown, artifactsDir: string | null): JobFailure | null {
  const text = engineSays(error);
  if (/environment variable/i.test(text)) {
    return failures.ENVIRONMENT_REFUSED('a name is empty, or a name or value has a NUL in it');
  }
  if (artifactsDir && /error mounting .*\/artifacts" to rootfs .*not a directory/s.test(text)) {
    return failures.ARTIFACTS_DIR_REFUSED(artifactsDir, 'the image has a file there, or on the way to it');
  }
  return null;
}
