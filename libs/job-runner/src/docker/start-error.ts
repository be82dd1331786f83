import { failures, type JobFailure } from '../failures.ts';
import { engineSays } from './engine-says.ts';

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

/**
 * Whether the engine refused a container because of what the job asks, or what its image is. Null: it is the machine's
 * trouble.
 *
 * @param job.artifactsDir as in `JobSpec`
 */
export function refusedSpec(
  error: unknown,
  { image, artifactsDir }: { image: string; artifactsDir: string | null },
): JobFailure | null {
  const text = engineSays(error);
  if (/environment variable/i.test(text)) {
    return failures.ENVIRONMENT_REFUSED('a name is empty, or a name or value has a NUL in it');
  }
  const mount = /error mounting "(?<source>.*?)" to rootfs at "(?<target>.*?)"/s.exec(text)?.groups;
  const obstacle = mount && obstacles.find(({ when }) => when.test(text))?.says;
  if (obstacle && artifactsDir && mount['source']!.endsWith('/artifacts')) {
    return failures.ARTIFACTS_DIR_REFUSED(
      artifactsDir,
      `the image has ${obstacle} there, or on the way to it`,
    );
  }
  if (obstacle) {
    return failures.IMAGE_NOT_STARTABLE(
      image,
      `it has ${obstacle} at ${mount['target']}, or on the way to it`,
    );
  }
  if (artifactsDir && /unable to find user .*: is a directory/s.test(text)) {
    return failures.ARTIFACTS_DIR_REFUSED(artifactsDir, 'a file has to be there');
  }
  const fault = faults.find(({ when }) => when.test(text))?.says;
  return fault ? failures.IMAGE_NOT_STARTABLE(image, fault) : null;
}

/** What keeps a folder from being mounted at a path of an image, in the words of runc 1.1 and newer. */
const obstacles = [
  { when: /not a directory/i, says: 'a file' },
  { when: /too many levels of symbolic links/i, says: 'a link that leads nowhere' },
  { when: /cannot be mounted because it is inside/i, says: 'files of the system' },
];

/** What else makes an image one that cannot be started, in the words of Docker 20.10 and newer. */
const faults = [
  { when: /^source .* is not directory$/s, says: 'it declares a volume where it has a file' },
  {
    when: /^Cannot mkdir: .* is not a directory$/is,
    says: 'it has a file where its working folder should be',
  },
];
