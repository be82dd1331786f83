import type { Host, Wanted } from '../host.ts';
import { say } from '../say.ts';
import { beginUpdate, goTo } from './begin-update.ts';
import { isImage } from './decide.ts';
import { fetchList, NoList } from './fetch-list.ts';
import { releasePlace } from './look.ts';
import { imageIn, isKnown, namedByOperator } from './own-release.ts';
import type { ReleaseState, StateStore } from './release-state.ts';

/**
 * Whether the image that this runner was started from may start a service. One that neither this install nor its operator nor
 * the newest list knows was put here by somebody else, such as an old watchtower: it has what is known started in its place.
 *
 * @returns what is remembered when that was begun; null: this runner may start
 * @throws NoImage where what is known cannot be fetched
 */
export async function replaceForeign(
  host: Host,
  wanted: Wanted,
  store: StateStore,
  state: ReleaseState,
): Promise<ReleaseState | null> {
  const own = host.own.Image;
  const place = await releasePlace();
  if (place === null) return null;
  if (isKnown(own, state, await namedByOperator(host.docker, wanted.variables))) return null;
  const offered = await fetchList(place, wanted.settings.channel, state, new Date()).catch(
    (error: unknown) => {
      if (error instanceof NoList) return null;
      throw error;
    },
  );
  const image = offered && imageIn(offered.list, host.role.name);
  const isRefused = state.refused.some(({ number }) => number === offered?.list.number);
  if (image && isImage(image, own)) return null;
  const strange = `This runner was started from ${own.slice(0, 19)}…, which no list names, nor .env, and which did not run here before`;
  if (image && !isRefused) {
    say(`${strange}: what the list names is started in its place.`);
    const begun = await beginUpdate(host, store, { list: offered.list, image, place, state, wanted }, true);
    if (begun.update !== null) return begun;
  }
  if (state.current === null) return null;
  say(`${strange}: what ran here before is started in its place.`);
  const project = wanted.plan.project;
  return goTo(host, store, { to: state.current, from: null, asked: true, project });
}
