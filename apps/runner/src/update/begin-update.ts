import type { Host } from '../host.ts';
import { fetchImage, idOf, NoImage } from '../images.ts';
import { say } from '../say.ts';
import { isImage } from './decide.ts';
import type { Look } from './look.ts';
import { releaseIn } from './own-release.ts';
import { withRefusal, type Release, type ReleaseState, type StateStore } from './release-state.ts';
import { ensureUpdateContainer } from './update-container.ts';

/**
 * Fetches the new runner, compares it with what the list names, and has the update go on in a container of that image, which
 * outlives this one.
 *
 * @param asked the operator's word: share and window do not count
 * @returns what is remembered then: the update, or that it was refused
 * @throws NoImage where it cannot be fetched
 */
export async function beginUpdate(
  host: Host,
  store: StateStore,
  found: Pick<Look, 'list' | 'image' | 'place' | 'state' | 'wanted'>,
  asked: boolean,
): Promise<ReleaseState> {
  const { list, state } = found;
  const image = found.image!;
  const { reference } = releaseIn(list, image, { id: '', ...found.place });
  const id = await idOfFetched(host, image.id, reference!);
  if (!isImage(image, id)) {
    const why = `${reference} is ${id} on this engine, and the list says ${image.id}.`;
    say(`Release ${list.version}, number ${list.number}, is refused. ${why}`);
    const refusal = { number: list.number, id: image.id, version: list.version, why, at: now() };
    return store.note({ refused: withRefusal(state.refused, refusal) });
  }
  const to = releaseIn(list, image, { id, ...found.place });
  say(`Updating to ${list.version}, number ${list.number}.`);
  return goTo(host, store, { to, from: state.current, asked, project: found.wanted.plan.project });
}

/** Notes an update to what is on the engine, and has it go on. */
export async function goTo(
  host: Host,
  store: StateStore,
  { to, from, asked, project }: { to: Release; from: Release | null; asked: boolean; project: string },
): Promise<ReleaseState> {
  // It may have had another name at its start, when it took another one's place.
  const { Name } = await host.docker.getContainer(host.own.Id).inspect();
  const runner = Name.slice(1);
  const number = to.number ?? 0;
  const state = await store.note({
    trouble: null,
    update: { from, to, number, stage: 'fetched', runner, asked },
  });
  await ensureUpdateContainer(host.docker, { project, role: host.role, runner: host.own, image: to.id });
  say(`docker logs -f ${project}-update-1 shows how it goes.`);
  return state;
}

/** By its id where the engine has it, as after a bundle was loaded: no registry is asked then. */
async function idOfFetched({ docker }: Host, id: string, reference: string): Promise<string> {
  const there = (await idOf(docker, id)) ?? (await idOf(docker, reference));
  if (there !== null) return there;
  await fetchImage(docker, reference, 'the new runner');
  const fetched = await idOf(docker, reference);
  if (fetched === null) throw new NoImage(`${reference} is gone again.`);
  return fetched;
}

const now = (): string => new Date().toISOString();
