import { backupName } from './backup-name.ts';
import { beside } from './beside.ts';
import { outputOf } from './engine.ts';
import type { Host } from './host.ts';
import { awaitStarted } from './pending.ts';
import { letStart } from './on-its-way.ts';
import type { Plan } from './plan.ts';
import { workFolder } from './project.ts';
import type { Role } from './roles.ts';
import { complain, print } from './say.ts';
import { StoreByPrepare } from './update/store-by-prepare.ts';

const now = (): string => new Date().toISOString();

/**
 * Ends the service for good on this host, and writes what it has to standard output, encrypted for the host that takes it in. A
 * miner first takes no new jobs and waits for those that run. From then on it is not started here, whatever is started anew,
 * until somebody takes it back. A second time it is written again.
 *
 * @param words whom it is encrypted for, as `take_in --key` has said there, and `--now`: jobs that run are not waited for
 * @returns the exit code: 1 where it goes on here as before; 2 where it could not be meant
 * @throws SettingsError, ComposeFailed
 */
export async function handOver(role: Role, words: string[]): Promise<number> {
  const isAtOnce = words.includes('--now');
  const [key = '', ...more] = words.filter((word) => word !== '--now');
  if (!/^age1[0-9a-z]{58}$/.test(key) || more.length > 0) {
    complain(
      'Type runner take_in --key on the host that is to have it, and what that says here: runner hand_over age1…',
    );
    return 2;
  }
  const { host, project, prepared, wanted } = await beside(role, 'hand-over');
  const { release } = prepared;
  if (release.update !== null || release.move?.stage === 'expected') {
    complain(
      release.update !== null
        ? 'An update is under way: type it again when that is over.'
        : `There is no ${role.name} here yet.`,
    );
    return 1;
  }
  if (release.move?.stage !== 'away') {
    // A start that is under way would start it again behind this. Without words this container is the runner's own.
    if (host.own.Args.length === 0)
      await awaitStarted(() => complain(`The ${role.name} is being started: waiting for that.`));
    if (role.name === 'miner' && !isAtOnce && (await project.drain(prepared)) !== 0) {
      complain(
        'So it was not handed over, and goes on here. To do so without waiting for jobs: --now behind it.',
      );
      return 1;
    }
    await new StoreByPrepare(project).note({ move: { stage: 'away', since: now() } });
  }
  const { plan } = wanted;
  const file = backupName('handed-over');
  complain(`The ${role.name} of ${plan.project} ends here, and what it has is handed over.`);
  return (await project.handOver(prepared, file, key)) ?? 1;
}

/**
 * Takes in what another host hands over, for a service that has not worked here yet.
 *
 * @param words `--key`: it waits for that from now on, and says whom it has to be encrypted for; none: it is read from standard
 * input
 * @returns the exit code: 1 where it was not taken in, and the service is not started here
 * @throws SettingsError, ComposeFailed
 */
export async function takeIn(role: Role, words: string[]): Promise<number> {
  const { host, project, prepared, wanted } = await beside(role, 'take-in');
  const { move } = prepared.release;
  const { plan } = wanted;
  const isUsed = move === null ? await hasRecords(host, plan) : move.stage === 'away';
  if (isUsed) {
    complain(
      `There are records of a ${role.name} on this host already, in the volume ${plan.project}_postgres. Nothing was changed.`,
    );
    return 1;
  }
  const store = new StoreByPrepare(project);
  const note = (stage: 'expected' | 'arrived') => store.note({ move: { stage, since: now() } });
  if (words[0] === '--key') {
    await note('expected');
    print((await project.backupKey(prepared)) ?? '');
    return 0;
  }
  if (move === null) {
    complain('Type runner take_in --key first: what it says is what the other host needs to hand it over.');
    return 2;
  }
  await note('expected');
  const code = (await project.takeIn(prepared)) ?? 1;
  if (code !== 0) return code;
  await note('arrived');
  await letStart(workFolder);
  return 0;
}

/** Whether there ever was a database of this project. */
async function hasRecords({ docker, own }: Host, { project }: Plan): Promise<boolean> {
  const mount = {
    Type: 'volume' as const,
    Source: `${project}_postgres`,
    Target: '/postgres',
    ReadOnly: true,
  };
  return (await outputOf(docker, own.Image, { words: ['ls', '-A', '/postgres'], mount })) !== '';
}

/**
 * Has a service work here again that was handed over to another host, and works on none.
 *
 * @param words the project's name, which confirms it
 * @returns the exit code: 2 where it was not confirmed
 * @throws SettingsError, ComposeFailed
 */
export async function takeBack(role: Role, words: string[]): Promise<number> {
  const { project, prepared, wanted } = await beside(role, 'take-back');
  const { plan } = wanted;
  if (prepared.release.move?.stage !== 'away') {
    print(`The ${role.name} of ${plan.project} was not handed over.`);
    return 0;
  }
  if (words.length !== 1 || words[0] !== plan.project) {
    print(
      `This has the ${role.name} of ${plan.project} work here again, which was handed over to another host. Two with one hotkey harm each other: end it there first. If that is done, type: runner take_back ${plan.project}`,
    );
    return 2;
  }
  const release = await new StoreByPrepare(project).note({ move: null });
  await project.start({ ...prepared, release });
  await letStart(workFolder);
  print(`The ${role.name} of ${plan.project} works here again.`);
  return 0;
}
