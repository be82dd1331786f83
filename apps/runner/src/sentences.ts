import { SettingsError } from '@horde/settings';
import { ComposeFailed } from './compose.ts';
import { NoImage } from './images.ts';
import { OnItsWay } from './on-its-way.ts';
import { NoPostgres } from './postgres/database-image.ts';
import { say } from './say.ts';
import { NotTakenOver } from './take-over.ts';
import { NoList } from './update/fetch-list.ts';
import { NoRunner } from './update/replace-runner.ts';

/** Errors whose message is for people. */
const told = [NoImage, NoList, NoPostgres, NoRunner, NotTakenOver, OnItsWay, ComposeFailed];

/** Says of each thing only what it did not say last. */
export function sayingOnce(): (about: string, sentence: string) => void {
  const said = new Map<string, string>();
  return (about, sentence) => {
    if (said.get(about) === sentence) return;
    said.set(about, sentence);
    say(sentence);
  };
}

/** What people read of an error, a sentence for each thing that is wrong. */
export function sentencesOf(error: unknown): readonly string[] {
  if (error instanceof SettingsError) return error.sentences;
  if (told.some((kind) => error instanceof kind)) return [(error as Error).message];
  return [error instanceof Error ? (error.stack ?? error.message) : String(error)];
}

export const sentenceOf = (error: unknown): string => sentencesOf(error).join(' ');
