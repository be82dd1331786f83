import { setTimeout as sleep } from 'node:timers/promises';
import { SettingsError } from '@horde/settings';
import type Docker from 'dockerode';
import { orNull } from './engine.ts';
import { filledForPrepare, filledIn, readWanted, thisHost } from './host.ts';
import { noteStarted, noteStarting } from './pending.ts';
import { databaseImage } from './postgres/database-image.ts';
import type { Prepared } from './prepare.ts';
import { awaitLetStart, OnItsWay } from './on-its-way.ts';
import { Project, workFolder } from './project.ts';
import type { Role } from './roles.ts';
import { say } from './say.ts';
import { takeOver } from './take-over.ts';
import { replaceForeign } from './update/foreign.ts';
import { awaitTurn } from './update/replace-runner.ts';
import { StoreByPrepare } from './update/store-by-prepare.ts';
import { lookAfter, tend } from './update/tend.ts';
import { watch } from './watch.ts';

/**
 * Starts the service of this runner, with what it needs, and follows it. What runs already and is as it should be is left
 * alone: a second start, and one after a kill at any moment, end the same way.
 *
 * @throws SettingsError where `.env` or the wallet is wrong
 * @throws NotTakenOver
 */
export async function run(role: Role): Promise<never> {
  const host = await thisHost(role);
  const { docker, own } = host;
  await noteStarting();
  const wanted = await readWanted(host);
  const { plan } = wanted;
  plan.notes.forEach(say);

  // Of a runner that was killed: it would keep other secrets than this one's. A command typed since then has its own.
  const others = ofServices('prepare', 'old-db');
  const isLeft: IsMeant = (container) => others(container) || isEnded(container);
  await removeContainers(docker, plan.project, isLeft, own.State.StartedAt);
  const preparing = new Project(plan, await filledForPrepare(host));
  const prepared = await preparing.prepared();
  if ('wrong' in prepared) throw new SettingsError([prepared.wrong]);
  const releases = new StoreByPrepare(preparing);
  const leaveNote = (note: string) => preparing.prepare('leave-note', note);
  const tended = { project: plan.project, hotkey: prepared.hotkey, leaveNote };
  const { move } = prepared.release;
  if (move !== null && move.stage !== 'arrived') {
    // Of one that was ended in the middle.
    await removeContainers(docker, plan.project, ofServices('app', 'pylon'));
    say(new OnItsWay(plan, move).message);
    await awaitLetStart(workFolder);
    return run(role);
  }
  // What has worked here is not replaced by what another host hands over.
  if (move !== null) prepared.release = await releases.note({ move: null });
  const replaced = await replaceForeign(host, wanted, releases, prepared.release);
  if (replaced !== null) return tend(host, releases, { ...tended, state: replaced, isForeign: true });

  await awaitTurn(docker, own, () => lookAfter(host, plan.project, prepared.release));

  const filled = await filledIn(host, plan);
  const { clusters } = prepared;
  const postgres = await databaseImage(docker, filled['DB_IMAGE']!, clusters);
  if (filled['DB_IMAGE'] !== postgres.reference)
    say(
      `The database stays with Postgres ${postgres.major}, and this release has another: docker exec ${own.Name.slice(1)} runner upgrade_postgres brings it there.`,
    );
  const project = new Project(plan, { ...filled, DB_IMAGE: postgres.reference });
  // They would go on beside the new ones. Their volumes stay, for the way back.
  for (const service of await removeContainers(docker, plan.project, ofServices(...role.retired)))
    say(`Removed the container of ${service}: it was ComputeHorde's, and there is none here.`);
  await takeOver(docker, plan, { project, prepared, role });
  const since = new Date().toISOString();
  await project.start(prepared);
  await noteStarted(wanted.variables);
  if (postgres.major !== null && clusters.images[postgres.major] !== postgres.reference)
    await preparing.prepare('use-cluster', String(postgres.major), postgres.reference);
  say(`The ${role.name} has been started, as ${plan.project}-app-1.`);
  void watch(docker.getContainer(`${plan.project}-app-1`), role);
  void tend(host, releases, { ...tended, state: prepared.release, isForeign: false });
  return follow(project, prepared, own, since);
}

type IsMeant = (container: Docker.ContainerInfo) => boolean;

const ofServices =
  (...services: string[]): IsMeant =>
  ({ Labels }) =>
    services.includes(serviceOf(Labels));

const serviceOf = (labels: Docker.ContainerInfo['Labels']): string =>
  labels['com.docker.compose.service'] ?? '';

/** Run once by a runner, which has ended before it could remove it. */
const isEnded: IsMeant = ({ Labels, State }) =>
  Labels['com.docker.compose.oneoff'] === 'True' && State === 'exited';

/**
 * Removes containers of a project.
 *
 * @param before only those that were made before that moment
 * @returns their services
 */
async function removeContainers(
  docker: Docker,
  project: string,
  isMeant: IsMeant,
  before?: string,
): Promise<string[]> {
  const filters = { label: [`com.docker.compose.project=${project}`] };
  const all = await docker.listContainers({ all: true, filters });
  const removed: string[] = [];
  for (const { Id, Labels } of all.filter(isMeant)) {
    const container = docker.getContainer(Id);
    if (before !== undefined) {
      const found = await container.inspect().catch(orNull);
      if (found === null || Date.parse(found.Created) >= Date.parse(before)) continue;
    }
    await container.stop({ t: 10 }).catch(() => undefined);
    await container.remove({ force: true });
    removed.push(serviceOf(Labels));
  }
  return removed;
}

/** Shows what the services print, where that is kept within limits: they keep it themselves, in any case. */
async function follow(
  project: Project,
  prepared: Prepared,
  { HostConfig, Name }: Docker.ContainerInspectInfo,
  since: string,
): Promise<never> {
  const { Type, Config } = HostConfig.LogConfig ?? { Type: '', Config: {} };
  if (Type === 'json-file' && !(Config as Record<string, string> | undefined)?.['max-size'])
    say(
      `What ${Name.slice(1)} prints is kept without a limit, so the services' lines are not repeated here: docker logs shows them, or set logging in docker-compose.yml.`,
    );
  else
    for (let from = since; ; from = new Date().toISOString()) {
      await project.follow(prepared, from);
      await sleep(5_000);
    }
  for (;;) await sleep(86_400_000);
}
