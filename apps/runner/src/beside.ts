import { SettingsError } from '@horde/settings';
import { filledIn, readWanted, thisHost, type Host, type Wanted } from './host.ts';
import { databaseImage, postgresImage, type PostgresImage } from './postgres/database-image.ts';
import type { Prepared } from './prepare.ts';
import { Project, workFolder } from './project.ts';
import type { Role } from './roles.ts';
import { complain } from './say.ts';

/** What a command sees that is run beside the runner, in its container. */
export interface Beside {
  host: Host;
  wanted: Wanted;
  project: Project;
  prepared: Prepared;
  /** What the database is started from, and what this release has for that. */
  postgres: PostgresImage;
  listedPostgres: PostgresImage;
  /** The project with its database started from another image. */
  withPostgres: (image: PostgresImage) => Project;
}

/**
 * @param command its name: it writes into a folder of its own, since the runner writes at the same time
 * @throws SettingsError where `.env` or the wallet is wrong; NoPostgres
 */
export async function beside(role: Role, command: string): Promise<Beside> {
  const host = await thisHost(role);
  const wanted = await readWanted(host);
  const filled = await filledIn(host, wanted.plan, complain);
  const places = { folder: `${workFolder}/${command}` };
  const withPostgres = ({ reference }: PostgresImage) =>
    new Project(wanted.plan, { ...filled, DB_IMAGE: reference }, places);
  const prepared = await new Project(wanted.plan, filled, places).prepared();
  if ('wrong' in prepared) throw new SettingsError([prepared.wrong]);
  const listed = filled['DB_IMAGE']!;
  const postgres = await databaseImage(host.docker, listed, prepared.clusters);
  const listedPostgres = await postgresImage(host.docker, listed);
  return { host, wanted, project: withPostgres(postgres), prepared, postgres, listedPostgres, withPostgres };
}
