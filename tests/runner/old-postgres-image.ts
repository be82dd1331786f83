import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { oldPostgresPackage } from '@horde/testing/compute-horde/old-postgres';
import Docker from 'dockerode';
import { followed } from '../../tools/images/engine.ts';
import { MachineFiles } from '../../tools/images/machine-files.ts';
import { postgresFiles } from '../../tools/images/others.ts';

const run = promisify(execFile);
const user = 999;

/** Postgres 14 as an image, as Docker's library has it, but for its base. @param volume where its data is @param data its PGDATA */
export async function makeOldPostgresImage(image: string, volume: string, data: string): Promise<void> {
  const context = await mkdtemp(path.join(tmpdir(), 'horde-old-postgres-'));
  try {
    const files = new MachineFiles(path.join(context, 'root'));
    postgresFiles(files, path.join(oldPostgresPackage, 'native'));
    const places = [volume, '/var/run/postgresql'];
    for (const place of places) files.folder(place);
    const layer = path.join(context, 'layer.tar');
    const tar = (owner: number, ...words: string[]) =>
      run('tar', ['-C', files.root, `--owner=${owner}`, `--group=${owner}`, '-f', layer, ...words]);
    await tar(0, '--exclude=./var', '-c', '.');
    await tar(user, '-r', ...places.map((place) => place.slice(1)));
    await writeFile(
      path.join(context, 'Dockerfile'),
      `FROM scratch
ADD layer.tar /
ENV PATH=/usr/local/bin:/bin PGDATA=${data} LANG=C.UTF-8
USER ${user}:${user}
VOLUME ${volume}
ENTRYPOINT ["docker-entrypoint.sh"]
CMD ["postgres"]
`,
    );
    const docker = new Docker();
    const src = ['Dockerfile', 'layer.tar'];
    await followed(docker, await docker.buildImage({ context, src }, { t: image }));
  } finally {
    await rm(context, { recursive: true });
  }
}
