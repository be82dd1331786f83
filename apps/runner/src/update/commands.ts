import { SettingsError } from '@horde/settings';
import { filledForPrepare, readWanted, thisHost, type Host } from '../host.ts';
import { Project, workFolder } from '../project.ts';
import type { Role } from '../roles.ts';
import { print } from '../say.ts';
import { beginUpdate } from './begin-update.ts';
import { look, releasePlace, type Look } from './look.ts';
import type { Prepared } from '../prepare.ts';
import { nameOf, type Release, type ReleaseState, type StateStore } from './release-state.ts';
import { StoreByPrepare } from './store-by-prepare.ts';
import { sentenceOf } from '../sentences.ts';

/** `runner status`: what runs, what is offered, what waits and why, what was taken back. */
export async function status(role: Role): Promise<number> {
  const host = await thisHost(role);
  const { store, prepared } = await known(host);
  const place = await releasePlace();
  const looked =
    place && (await look(host, store, { place, hotkey: prepared.hotkey, asked: false }).catch(sentenceOf));
  const state = typeof looked === 'object' && looked ? looked.state : prepared.release;
  statusLines(host.own.Image, state, looked).forEach(print);
  return 0;
}

/** `runner newest CHANNEL`: the number of its newest list that was seen here, for the install script; 0: none was. */
export async function newest(role: Role, [channel = 'stable']: string[]): Promise<number> {
  const { prepared } = await known(await thisHost(role));
  print(String(prepared.release.newest[channel] ?? 0));
  return 0;
}

/** `runner update`: begins it now, whatever share and window say. */
export async function update(role: Role): Promise<number> {
  const host = await thisHost(role);
  const { store, prepared } = await known(host);
  const place = await releasePlace();
  if (place === null) {
    print(noPlace);
    return 1;
  }
  if (prepared.release.update !== null) {
    print(underWay(prepared.release));
    return 0;
  }
  try {
    const found = await look(host, store, { place, hotkey: prepared.hotkey, asked: true });
    const { decision, list } = found;
    if (decision.kind === 'newest')
      print(`${describe(found.state.current)} is the newest of ${list.channel}.`);
    if (decision.kind === 'wait') {
      print(`Release ${list.version}, number ${list.number} of ${list.channel}, waits. ${decision.why}`);
      return 1;
    }
    if (decision.kind === 'update') {
      const state = await beginUpdate(host, store, found, true);
      if (state.update === null) return 1;
    }
    return 0;
  } catch (error) {
    print(sentenceOf(error));
    return 1;
  }
}

async function known(host: Host): Promise<{ store: StateStore; prepared: Prepared }> {
  const { plan } = await readWanted(host);
  const project = new Project(plan, await filledForPrepare(host), { folder: `${workFolder}/releases` });
  const prepared = await project.prepared();
  if ('wrong' in prepared) throw new SettingsError([prepared.wrong]);
  return { store: new StoreByPrepare(project), prepared };
}

const noPlace =
  'It gets no updates: where releases come from is not in the image of this runner (envs/release.env was empty when it was built).';

const describe = (release: Pick<Release, 'version' | 'number' | 'id'> | null): string =>
  release && release.number !== null
    ? `Release ${release.version}, number ${release.number},`
    : `A runner that no list has named, ${release?.id.slice(0, 19) ?? 'unknown'}…,`;

const underWay = ({ update }: ReleaseState): string =>
  `An update to ${nameOf(update!.to)}, number ${update!.number}, is under way: ${update!.stage}.`;

/** @param looked null: nowhere to look; a text: why that could not be done */
export function statusLines(own: string, state: ReleaseState, looked: Look | string | null): string[] {
  const { current, update: going, trouble } = state;
  const lines = [`${describe(current ?? { id: own, version: null, number: null })} runs here.`];
  if (current?.reference) lines.push(`  image    ${current.reference}`);
  if (state.before?.version) lines.push(`  before   ${state.before.version}, number ${state.before.number}`);
  if (looked === null) lines.push(`  ${noPlace}`);
  else if (typeof looked === 'string') lines.push(`  offered  not known: ${looked}`);
  else {
    const { list, decision } = looked;
    lines.push(`  offered  ${list.version}, number ${list.number} of ${list.channel}, for ${list.share} %`);
    if (decision.kind === 'wait') lines.push(`  waits    ${decision.why}`);
    if (decision.kind === 'update' && going === null) lines.push('  waits    The next look begins it.');
  }
  if (going !== null) lines.push(`  now      ${underWay(state)}`);
  if (trouble !== null) lines.push(`  put off  number ${trouble.number} at ${trouble.at}: ${trouble.why}`);
  const refused = state.refused.at(-1);
  if (refused)
    lines.push(
      `  refused  ${refused.version ?? ''}, number ${refused.number}, at ${refused.at}: ${refused.why}`,
    );
  return lines;
}
