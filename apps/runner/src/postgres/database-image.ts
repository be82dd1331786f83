import type Docker from 'dockerode';
import { orNull } from '../engine.ts';
import { idOf } from '../images.ts';
import type { Clusters } from './clusters.ts';

/** There is no server that reads the database of this installation. */
export class NoPostgres extends Error {
  override readonly name = 'NoPostgres';

  constructor(major: number) {
    super(
      `The database here is of Postgres ${major}, and no image of that is on this engine: load it, or type docker pull postgres:${major}.`,
    );
  }
}

/** An image of Postgres. */
export interface PostgresImage {
  /** What it is started by: never a tag. */
  reference: string;
  /** null: it does not tell. */
  major: number | null;
}

export async function postgresImage(docker: Docker, reference: string): Promise<PostgresImage> {
  const found = await docker.getImage(reference).inspect().catch(orNull);
  const folder = found?.Config.Env?.find((line) => line.startsWith('PGDATA='));
  return { reference, major: Number(/\/(\d+)\/docker$/.exec(folder ?? '')?.[1]) || null };
}

/**
 * What the database is started from: this release's image, unless what is stored here is of another major. No server reads
 * another one's cluster, and an empty one must not take its place unasked.
 *
 * @param listed this release's
 * @throws NoPostgres
 */
export async function databaseImage(
  docker: Docker,
  listed: string,
  { inUse, images }: Clusters,
): Promise<PostgresImage> {
  const own = await postgresImage(docker, listed);
  if (inUse === null || own.major === null || own.major === inUse) return own;
  return imageOfMajor(docker, inUse, images);
}

/** @throws NoPostgres */
export async function imageOfMajor(
  docker: Docker,
  major: number,
  images: Clusters['images'],
): Promise<PostgresImage> {
  for (const image of [images[major], await idOf(docker, `postgres:${major}`)]) {
    const found = image && (await postgresImage(docker, image));
    if (found && found.major === major) return found;
  }
  throw new NoPostgres(major);
}
