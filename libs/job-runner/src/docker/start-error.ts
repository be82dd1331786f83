import { engineSays } from './images.ts';

export interface Unstartable {
  exitCode: 126 | 127;
  sentence: string;
}

/**
 * Whether the engine refused to create or start a container because of the job's command. Exit codes as a shell gives
 * them: 127 not found, 126 found but not to be run. Null: the engine's own trouble.
 */
export function commandNotStartable(error: unknown): Unstartable | null {
  const text = engineSays(error);
  if (/no command specified/i.test(text)) {
    return { exitCode: 127, sentence: 'The job has no command, and its image has none either.' };
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
