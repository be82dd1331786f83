import { beside } from './beside.ts';
import { isMissing } from './engine.ts';
import { noteStarted } from './pending.ts';
import type { Role } from './roles.ts';
import { print } from './say.ts';

/** The volumes of what a service has learnt. Secrets of the project, ComputeHorde's volumes and backups are others. */
const forgotten = ['postgres', 'receipts'];

/**
 * Starts this installation afresh: a backup, then its database and receipts are removed, and it is started again. Other
 * projects, the wallet, `.env` and what ComputeHorde's own service has stored stay as they are.
 *
 * @param words the project's name, which confirms it, and `--without-backup`
 * @returns the exit code: 1 where no backup could be made, and nothing was removed; 2 where it was not confirmed
 * @throws SettingsError, ComposeFailed
 */
export async function reset(role: Role, words: string[]): Promise<number> {
  const withBackup = !words.includes('--without-backup');
  const [name, ...more] = words.filter((word) => word !== '--without-backup');
  const { host, wanted, project, prepared } = await beside(role, 'reset');
  const { plan, variables } = wanted;
  if (name !== plan.project || more.length > 0) {
    print(
      `This ends the ${role.name} of ${plan.project}, makes a backup where BACKUP_KEYS says for whom, and removes its database and receipts; then it is started with empty ones. If that is meant, type: runner reset ${plan.project}`,
    );
    return 2;
  }
  if (withBackup && (await project.command(prepared, 'back_up')) !== 0) {
    print(
      'No backup could be made, so nothing was removed. To go on without one: --without-backup behind it.',
    );
    return 1;
  }
  await project.removeContainers(prepared);
  for (const volume of forgotten)
    await host.docker
      .getVolume(`${plan.project}_${volume}`)
      .remove()
      .catch((error: unknown) => {
        if (!isMissing(error)) throw error;
      });
  await project.start(prepared);
  await noteStarted(variables);
  print(`The ${role.name} of ${plan.project} has been started afresh.`);
  return 0;
}
