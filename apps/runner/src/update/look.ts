import path from 'node:path';
import type { ReleasedImage, ReleaseList } from '@horde/release';
import { readWanted, type Host, type Wanted } from '../host.ts';
import { homeFolder } from '../project.ts';
import { decide, isImage, type Decision } from './decide.ts';
import { fetchList, NoList, readReleasePlace, type ReleasePlace } from './fetch-list.ts';
import { currentRelease, imageIn, imagesStarted, releaseIn } from './own-release.ts';
import type { Release, ReleaseState, StateStore } from './release-state.ts';

/** What a look for releases has come to. */
export interface Look {
  wanted: Wanted;
  state: ReleaseState;
  place: ReleasePlace;
  list: ReleaseList;
  image: ReleasedImage | null;
  decision: Decision;
}

/** Where releases are shipped from, as it is in this image; null: from nowhere yet. */
export const releasePlace = (): Promise<ReleasePlace | null> =>
  readReleasePlace(path.join(homeFolder, 'release.env'));

/**
 * Looks what the channel offers, remembers what has to be, and says what is to be done.
 *
 * @param hotkey by which the share is told; null: what stands for it
 * @throws NoList, SettingsError
 */
export async function look(
  host: Host,
  store: StateStore,
  { place, hotkey, asked }: { place: ReleasePlace; hotkey: string | null; asked: boolean },
): Promise<Look> {
  const wanted = await readWanted(host);
  const now = new Date();
  const { channel } = wanted.settings;
  let state = await store.read();
  const own = host.own.Image;
  const { list, keys } = await fetchList(place, channel, state, now).catch(async (error: unknown) => {
    // Without a list it is known all the same what runs.
    if (error instanceof NoList) await noteCurrent(own, state, null, store);
    throw error;
  });
  const image = imageIn(list, host.role.name);
  const listed = image && isImage(image, own) ? releaseIn(list, image, { id: own, ...place }) : null;
  state = await noteCurrent(own, state, listed, store);
  const isNewer = list.number > (state.newest[channel] ?? 0) || keys?.number !== state.keys?.number;
  // While an update is under way its container alone writes.
  if (isNewer && state.update === null)
    state = await store.note({ newest: { ...state.newest, [channel]: list.number }, keys });
  const install = hotkey ?? state.install;
  const decision = decide({ state, list, image, settings: wanted.settings, install, now, asked });
  return { wanted, state, place, list, image, decision };
}

async function noteCurrent(
  own: string,
  state: ReleaseState,
  listed: Release | null,
  store: StateStore,
): Promise<ReleaseState> {
  if (state.update !== null) return state;
  const images = await imagesStarted(path.join(homeFolder, 'images'));
  const current = currentRelease(own, state, { images, listed });
  if (current === null) return state;
  const before = state.current && state.current.id !== own ? state.current : state.before;
  return store.note({ current, before, install: state.install });
}
