import { setTimeout as sleep } from 'node:timers/promises';
import { readWanted, type Host } from '../host.ts';
import { beginUpdate } from './begin-update.ts';
import { look, releasePlace } from './look.ts';
import { noteOf, type ReleaseState, type StateStore } from './release-state.ts';
import { sayingOnce, sentenceOf } from '../sentences.ts';
import { orNull } from '../engine.ts';
import { ensureUpdateContainer, updateContainerName } from './update-container.ts';
import { retireWatchtower } from './watchtower.ts';

/** How often it is looked after an update that is under way. @unit ms */
const tick = 5_000;
/** When the next look is after one that failed. @unit ms */
const soon = 60_000;

interface Tended {
  project: string;
  hotkey: string | null;
  state: ReleaseState;
  /** This runner has started nothing: it waits for another one to take its place. */
  isForeign: boolean;
  /** Leaves a note for an operator with the service. */
  leaveNote: (note: string) => Promise<unknown>;
}

/**
 * Looks for releases for as long as this runner lives, begins updates, and looks after one that is under way. What it has to say
 * it says once.
 */
export async function tend(
  host: Host,
  store: StateStore,
  { project, hotkey, state, isForeign, leaveNote }: Tended,
): Promise<never> {
  const once = sayingOnce();
  const place = await releasePlace();
  if (place === null)
    once(
      'place',
      'This runner gets no updates: where releases come from is not in its image (envs/release.env was empty when it was built).',
    );
  let known = state;
  let left: string | null = null;
  const attend = async () => {
    const note = noteOf(known, (await readWanted(host)).settings);
    if (note !== left) await leaveNote(note);
    left = note;
  };
  for (let due = 0; ; await sleep(tick)) {
    try {
      const container = await host.docker.getContainer(updateContainerName(project)).inspect().catch(orNull);
      if (known.update === null && container !== null) {
        known = await store.read();
        // One that was ended before it could remove itself.
        if (known.update === null && !container.State.Running)
          await host.docker.getContainer(container.Id).remove({ force: true }).catch(orNull);
      }
      if (known.update !== null) {
        if (container === null) known = await store.read();
        if (known.update !== null) await lookAfter(host, project, known);
        else if (isForeign) return process.exit(1);
        // What was put off is in the way a moment later, too.
        else due = known.trouble === null ? 0 : performance.now() + soon;
        continue;
      }
      if (performance.now() < due) continue;
      due = performance.now() + soon;
      const watchtower = await retireWatchtower(host.docker, host.own);
      if (watchtower !== null) once('watchtower', watchtower);
      await attend();
      if (place === null) continue;
      const found = await look(host, store, { place, hotkey, asked: false });
      due = performance.now() + found.wanted.settings.updateEvery * 1_000;
      known = found.state;
      await attend();
      const { decision, list } = found;
      if (decision.kind === 'update') {
        known = await beginUpdate(host, store, found, false);
        if (known.update === null) await attend();
      } else if (decision.kind === 'wait')
        once(
          'list',
          `Release ${list.version}, number ${list.number} of ${list.channel}, waits. ${decision.why}`,
        );
      else
        once(
          'list',
          `Release ${list.version}, number ${list.number} of ${list.channel}, is the newest, and runs here.`,
        );
    } catch (error) {
      once('trouble', `No release could be looked for. ${sentenceOf(error)}`);
    }
  }
}

/** Has an update go on that somebody has ended. */
export async function lookAfter(host: Host, project: string, { update }: ReleaseState): Promise<void> {
  if (update === null) return;
  await ensureUpdateContainer(host.docker, {
    project,
    role: host.role,
    runner: host.own,
    image: update.to.id,
  });
}
