import { takesPart, type ReleasedImage, type ReleaseList } from '@horde/release';
import type { RunnerSettings } from '../settings.ts';
import type { ReleaseState } from './release-state.ts';

export interface Question {
  state: ReleaseState;
  /** Accepted: signed, of the channel, not expired, not older than what was seen. */
  list: ReleaseList;
  /** The list's image of this runner, for this machine. */
  image: ReleasedImage | null;
  settings: Pick<RunnerSettings, 'channel' | 'updateHold' | 'updateWindow'>;
  /** By what the share is told: the hotkey, or what stands for it. */
  install: string;
  now: Date;
  /** The operator asks for it, whatever share and window say. */
  asked: boolean;
}

export type Decision =
  | { kind: 'update' }
  /** What the list names runs. */
  | { kind: 'newest' }
  | { kind: 'wait'; why: string };

/** What is to be done about a release list now. */
export function decide({ state, list, image, settings, install, now, asked }: Question): Decision {
  const wait = (why: string): Decision => ({ kind: 'wait', why });
  if (state.move !== null) return wait('It is on its way between two hosts.');
  if (image === null) return wait('It has no image of this runner for this machine.');
  const { current } = state;
  if (current && isImage(image, current.id, current.reference)) return { kind: 'newest' };
  const here = current?.number ?? null;
  if (here !== null && list.number <= here)
    return wait(`It is older than number ${here}, which runs here: a newer one is waited for.`);
  const refusal = state.refused.find(({ number }) => number === list.number);
  if (refusal && !asked) return wait(`It was tried at ${refusal.at}, and taken back. ${refusal.why}`);
  if (settings.updateHold) return wait('UPDATE_HOLD is set in .env.');
  if (asked) return { kind: 'update' };
  if (!takesPart(list, install))
    return wait(`It is for ${list.share} % of the installs so far, and this is none of them.`);
  if (!isOpen(settings.updateWindow, now))
    return wait(`UPDATE_WINDOW is ${settings.updateWindow}, and it is ${timeOf(now)} UTC.`);
  return { kind: 'update' };
}

/** Whether a list's image is the one that an engine knows by `id`: some name images by their manifest. */
export const isImage = (
  image: Pick<ReleasedImage, 'digest' | 'id'>,
  id: string,
  reference: string | null = null,
): boolean => id === image.id || id === image.digest || reference?.split('@')[1] === image.digest;

/** @param window `HH:MM-HH:MM`, UTC; one that ends before it begins goes over midnight */
export function isOpen(window: string | undefined, now: Date): boolean {
  if (window === undefined) return true;
  const [from = '', to = ''] = window.split('-');
  const time = timeOf(now);
  if (from === to) return true;
  return from < to ? from <= time && time < to : time >= from || time < to;
}

const timeOf = (now: Date): string => now.toISOString().slice(11, 16);
