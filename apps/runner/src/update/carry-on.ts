import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SettingsError } from '@horde/settings';
import type Docker from 'dockerode';
import { backupName } from '../backup-name.ts';
import { ComposeFailed } from '../compose.ts';
import { filledIn, readWanted, thisHost, type Host, type Wanted } from '../host.ts';
import { fetchImage, findImage, idOf, listedImages, NoImage } from '../images.ts';
import type { Prepared } from '../prepare.ts';
import { homeFolder, Project } from '../project.ts';
import type { Role } from '../roles.ts';
import { say } from '../say.ts';
import { cleanImages } from './clean-images.ts';
import { isOpen } from './decide.ts';
import { writeRunnerImage } from './env-line.ts';
import { releasePlace } from './look.ts';
import { imagesStarted } from './own-release.ts';
import { nameOf, StateFile, withRefusal, type Stage, type StateStore, type Update } from './release-state.ts';
import { NoRunner, replaceRunner } from './replace-runner.ts';
import { sayingOnce, sentenceOf } from '../sentences.ts';
import { orNull } from '../engine.ts';
import { see, watchService } from './watch-service.ts';

/** Before a step that failed is tried again. @unit ms */
const pause = 5_000;
/** How often what may only have been disturbed is tried. */
const attempts = 3;
/** After how many failures in a row of one stage it is given up. */
const enough = 10;

/** The release cannot be switched to here, as a sentence. */
class Unfit extends Error {}
/** It is none of the release's faults: another time. */
class NotNow extends Error {}

/**
 * The life of an update's container: it does what is left of the update, stage by stage, and removes itself. Each stage is noted
 * before it is begun, and may be begun again, so that it does not matter where this is ended, and by whom.
 */
export async function carryOn(role: Role): Promise<void> {
  const host = await thisHost(role);
  const store = new StateFile();
  const once = sayingOnce();
  for (let failures = 0; ;) {
    const { update } = await store.read();
    if (update === null) break;
    const carrier = new Carrier(host, store, update);
    try {
      await carrier.go();
      failures = 0;
    } catch (error) {
      const why = sentenceOf(error);
      once('trouble', why);
      // Without a runner there is nobody to go back for: whoever has removed it starts it again.
      failures += error instanceof NoRunner ? 0 : 1;
      if (failures >= enough) await carrier.giveUp(why);
      await sleep(pause);
    }
  }
  await host.docker.getContainer(host.own.Id).remove({ force: true });
}

class Carrier {
  constructor(
    private readonly host: Host,
    private readonly store: StateStore,
    private update: Update,
  ) {}

  /** Does the stage that is noted, and notes the next. */
  async go(): Promise<void> {
    const { stage } = this.update;
    say(`${stages[stage]}: release ${nameOf(this.update.to)}, number ${this.update.number}.`);
    try {
      await this[stage]();
    } catch (error) {
      if (error instanceof NotNow) await this.putOff(error.message);
      else if (error instanceof Unfit) await this.refuse(error.message);
      else throw error;
    }
  }

  /** Of a stage that fails again and again: another time, or back. What is at its end is tried on. */
  async giveUp(why: string): Promise<void> {
    const { stage, from, final } = this.update;
    if (stage === 'fetched' || stage === 'migrated') await this.putOff(why);
    else if ((stage === 'switched' || stage === 'watched') && from !== null && final === undefined)
      await this.next('back', { why });
  }

  private async fetched(): Promise<void> {
    const wanted = await this.wanted();
    await tried(() => filledIn(this.host, wanted.plan)).catch((error: unknown) => {
      if (error instanceof NoImage) throw new NotNow(error.message);
      throw error;
    });
    await this.next('migrated');
  }

  /** Beside the release that runs, which lives with it. */
  private async migrated(): Promise<void> {
    const wanted = await this.wanted();
    const name = wanted.plan.project;
    const database = await see(this.host.docker, `${name}-db-1`);
    if (database?.isRunning) await this.migrate(wanted);
    else say('There is no database that runs: the new release makes it.');
    if (!this.update.asked && !isOpen(wanted.settings.updateWindow, new Date()))
      throw new NotNow(
        'UPDATE_WINDOW was over before it could be switched. It is fetched, and quick the next time.',
      );
    const app = await see(this.host.docker, `${name}-app-1`);
    await this.next('switched', { wasReady: app?.health === 'healthy', project: name });
  }

  private async migrate(wanted: Wanted): Promise<void> {
    const project = new Project(wanted.plan, await filledIn(this.host, wanted.plan));
    const unfit = (error: unknown): never => {
      if (error instanceof ComposeFailed)
        throw new Unfit(`Its tables could not be made. ${endOf(error.said)}`);
      throw error;
    };
    const prepared = await tried(() => preparedOf(project));
    const pending = await tried(() => project.pendingMigrations(prepared)).catch(unfit);
    if (pending.length === 0) return;
    if (pending.some(({ contracts }) => contracts)) {
      const file = backupName(`before-${this.update.number}`);
      const kept = await tried(() => project.backUp(prepared, file)).catch((error: unknown) => {
        if (error instanceof ComposeFailed)
          throw new NotNow(`No backup could be made before it. ${endOf(error.said)}`);
        throw error;
      });
      say(`It takes something away from the tables. Before that a backup was made: ${kept}.`);
    }
    const final = pending.find(({ afterSwitch }) => afterSwitch)?.name;
    if (final !== undefined) {
      this.update = { ...this.update, final };
      say(`The release before cannot run after ${final}: the way back is that backup, and no other.`);
    }
    await tried(() => project.migrate(prepared)).catch(unfit);
  }

  private async switched(): Promise<void> {
    await replaceRunner(this.host.docker, this.update.runner, this.update.to.id);
    await this.next('watched');
  }

  private async watched(): Promise<void> {
    const { docker } = this.host;
    const { settings } = await readWanted(this.host, await this.mounts());
    // Somebody may have put the one before in its place meanwhile.
    await replaceRunner(docker, this.update.runner, this.update.to.id);
    const why = await watchService(
      docker,
      { app: `${this.update.project}-app-1`, runner: this.update.runner },
      {
        image: await appImage(docker),
        mustBeReady: this.update.wasReady ?? true,
        ready: settings.updateReady * 1_000,
        watch: settings.updateWatch * 1_000,
      },
    );
    if (why === null) return this.next('kept');
    if (this.update.final === undefined && this.update.from !== null) return this.next('back', { why });
    const reason = this.update.final ?? 'nothing is known that ran before';
    say(`It is kept all the same, since there is no way back by itself (${reason}). ${why}`);
    await this.next('kept', { why });
  }

  private async kept(): Promise<void> {
    const { to, from, number, why } = this.update;
    await this.nameInEnvFile();
    const images = await imagesStarted(path.join(homeFolder, 'images'));
    const current = { ...to, images };
    const state = await this.store.read();
    const before = from && from.id !== to.id ? from : state.before;
    const place = await releasePlace();
    if (place !== null) {
      const listed = await listedImages(path.join(homeFolder, 'images'));
      const all = [
        `${place.repositories}/${this.host.role.name}-runner`,
        ...listed.map(({ repository }) => repository),
      ];
      const ours = all.filter((repository) => repository.startsWith(`${place.repositories}/`));
      await cleanImages(this.host.docker, ours, [current, before]);
    }
    const trouble = why === undefined ? null : { number, why, at: now() };
    await this.store.note({ current, before, trouble, update: null });
    say(`Release ${nameOf(to)}, number ${number}, runs.`);
  }

  private async back(): Promise<void> {
    const { from, to, number, why = '' } = this.update;
    const { docker } = this.host;
    say(`Back to ${nameOf(from!)}. ${why}`);
    if (from!.reference !== null && (await idOf(docker, from!.id)) === null)
      await fetchImage(docker, from!.reference, 'the runner before');
    await replaceRunner(docker, this.update.runner, from!.id);
    await this.refuse(why);
    say(`Number ${number} is not tried again: ${nameOf(to)}.`);
  }

  private async nameInEnvFile(): Promise<void> {
    const { to } = this.update;
    // An image that was loaded is known here by its id alone, and the next docker compose up would ask the registry for it.
    const isFetched = to.reference !== null && (await idOf(this.host.docker, to.reference)) === to.id;
    const image = isFetched ? to.reference! : to.id;
    const written = await writeRunnerImage(this.host.role.envFile, image).catch((error: unknown) => {
      say(`RUNNER_IMAGE could not be written into .env. ${sentenceOf(error)}`);
      return true;
    });
    if (!written)
      say(
        `.env has no RUNNER_IMAGE: name the image in docker-compose.yml, before the next docker compose up: ${image}`,
      );
  }

  private async next(stage: Stage, more: Partial<Update> = {}): Promise<void> {
    await this.store.note({ update: { ...this.update, ...more, stage } });
  }

  private async refuse(why: string): Promise<void> {
    const { refused } = await this.store.read();
    const { number, to } = this.update;
    say(`Release ${nameOf(to)}, number ${number}, is refused. ${why}`);
    const refusal = { number, id: to.id, version: to.version, why, at: now() };
    await this.store.note({ refused: withRefusal(refused, refusal), update: null });
  }

  private async putOff(why: string): Promise<void> {
    say(`It is put off. ${why}`);
    await this.store.note({ trouble: { number: this.update.number, why, at: now() }, update: null });
  }

  /** What `.env` says, which the new release may refuse. */
  private async wanted(): Promise<Wanted> {
    try {
      return await readWanted(this.host, await this.mounts());
    } catch (error) {
      if (error instanceof SettingsError) throw new Unfit(error.sentences.join(' '));
      throw error;
    }
  }

  /** Those of the runner: this container does not have all of them. */
  private async mounts(): Promise<Docker.ContainerInspectInfo['Mounts']> {
    const { docker } = this.host;
    for (const name of [this.update.runner, `${this.update.runner}-next`]) {
      const found = await docker.getContainer(name).inspect().catch(orNull);
      if (found) return found.Mounts;
    }
    return [];
  }
}

const stages: Record<Stage, string> = {
  fetched: 'Fetching the images',
  migrated: 'Making the tables',
  switched: 'Switching',
  watched: 'Watching',
  kept: 'Keeping',
  back: 'Going back',
};

async function preparedOf(project: Project): Promise<Prepared> {
  const prepared = await project.prepared();
  if ('wrong' in prepared) throw new Unfit(prepared.wrong);
  return prepared;
}

/** The id of the image that this release's service runs from. */
async function appImage(docker: Docker): Promise<string> {
  const listed = await listedImages(path.join(homeFolder, 'images'));
  const { reference } = await findImage(
    docker,
    listed.find(({ name }) => name === 'app')!,
    say,
  );
  return (await docker.getImage(reference).inspect()).Id;
}

/** A step that another runner's start, or a network, may have disturbed. */
async function tried<T>(step: () => Promise<T>): Promise<T> {
  for (let left = attempts; ; left--) {
    try {
      return await step();
    } catch (error) {
      if (left <= 1 || !(error instanceof ComposeFailed || error instanceof NoImage)) throw error;
      await sleep(pause);
    }
  }
}

/** Of what a program has said the end, which is why it failed. */
const endOf = (said: string): string => said.trim().split('\n').slice(-3).join(' ').slice(-600);

const now = (): string => new Date().toISOString();
