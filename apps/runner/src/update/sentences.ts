import { SettingsError } from '@horde/settings';
import { ComposeFailed } from '../compose.ts';
import { NoImage } from '../images.ts';
import { say } from '../say.ts';
import { NoList } from './fetch-list.ts';

/** Says of each thing only what it did not say last. */
export function sayingOnce(): (about: string, sentence: string) => void {
  const said = new Map<string, string>();
  return (about, sentence) => {
    if (said.get(about) === sentence) return;
    said.set(about, sentence);
    say(sentence);
  };
}

/** What people read of an error. */
export function sentenceOf(error: unknown): string {
  if (error instanceof SettingsError) return error.sentences.join(' ');
  if (error instanceof NoList || error instanceof NoImage || error instanceof ComposeFailed)
    return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
