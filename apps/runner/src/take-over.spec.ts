import { randomBytes } from 'node:crypto';
import { makeTestImage, type TestImage } from '@horde/testing/test-image';
import Docker from 'dockerode';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { ComposeFailed } from './compose.ts';
import type { Prepared } from './prepare.ts';
import type { Project } from './project.ts';
import { roleOf } from './roles.ts';
import { NotTakenOver, takeOver } from './take-over.ts';

const docker = new Docker();
let image: TestImage;
beforeAll(async () => void (image = await makeTestImage()));
afterAll(() => image.remove());

/** A volume of ComputeHorde's database with a container that has run on it, and is of this service of the project's. */
async function oldInstall(of = 'db'): Promise<string> {
  const project = `horde-test-${randomBytes(4).toString('hex')}`;
  const volume = `${project}_db`;
  await docker.createVolume({ Name: volume });
  onTestFinished(() => docker.getVolume(volume).remove());
  const labels = { 'com.docker.compose.project': project, 'com.docker.compose.service': of };
  await container(volume, labels);
  return project;
}

async function container(volume: string, Labels: Record<string, string>): Promise<Docker.Container> {
  const made = await docker.createContainer({
    Image: image.reference,
    Cmd: ['sleep', '600'],
    Labels,
    HostConfig: { Binds: [`${volume}:/data`], NetworkMode: 'none' },
  });
  onTestFinished(() => made.remove({ force: true, v: true }));
  return made;
}

/** What the runner would do with a database that can be started. */
const taking = (
  project: string,
  done: Project['takeOver'],
  { takesOver = true, takenOver = false }: { takesOver?: boolean; takenOver?: boolean } = {},
) =>
  takeOver(
    docker,
    { project, takesOver },
    {
      project: { takeOver: done } as Project,
      prepared: { takenOver } as Prepared,
      role: roleOf('miner'),
    },
  );
const started = () => vi.fn<Project['takeOver']>();

describe("what ComputeHorde's miner has stored", () => {
  it('keeps the miner from starting where its database does not start', async () => {
    const refused = taking(await oldInstall(), () =>
      Promise.reject(new ComposeFailed(['up'], 'old-db is unhealthy')),
    );
    await expect(refused).rejects.toThrow(NotTakenOver);
    await expect(refused).rejects.toThrow(/the miner is not started: .*old-db is unhealthy.*TAKE_OVER=skip/s);
  });

  it('keeps it from starting where somebody else works on the volume', async () => {
    const project = await oldInstall();
    const other = await container(`${project}_db`, {});
    await other.start();
    const takeOver = started();
    await expect(taking(project, takeOver)).rejects.toThrow(`works on the volume ${project}_db.`);
    expect(takeOver).not.toHaveBeenCalled();
  });

  it('is left alone, and the miner starts, where TAKE_OVER=skip says so', async () => {
    const takeOver = started();
    await taking(await oldInstall(), takeOver, { takesOver: false });
    expect(takeOver).not.toHaveBeenCalled();
  });

  it('lets it start where a part of it could not be read', async () => {
    const takeOver = started().mockResolvedValue(false);
    await taking(await oldInstall(), takeOver);
    expect(takeOver).toHaveBeenCalledOnce();
  });

  it('is not taken over twice', async () => {
    const project = await oldInstall('app');
    const takeOver = started();
    await taking(project, takeOver, { takenOver: true });
    expect(takeOver).not.toHaveBeenCalled();
  });

  it('is taken over again where somebody has gone back since, and its database has run', async () => {
    const takeOver = started().mockResolvedValue(true);
    await taking(await oldInstall(), takeOver, { takenOver: true });
    expect(takeOver).toHaveBeenCalledOnce();
  });
});
