import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { clustersThere, removeCluster, useCluster } from './clusters.ts';

let places: { volume: string; note: string };
beforeEach(async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'runner-clusters-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  places = { volume: folder, note: path.join(folder, 'postgres.json') };
});
const cluster = async (major: number) => {
  const folder = path.join(places.volume, `${major}/docker`);
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, 'PG_VERSION'), `${major}\n`);
};

describe('the clusters of an installation', () => {
  it('are none before the first start', async () => {
    expect(await clustersThere(places)).toEqual({ there: [], inUse: null, images: {} });
  });

  it('are known where nothing was noted, as by a runner from before', async () => {
    await cluster(18);
    expect(await clustersThere(places)).toEqual({ there: [18], inUse: 18, images: {} });
  });

  it('count as it was noted, however many there are', async () => {
    await cluster(18);
    await useCluster(18, 'sha256:old', places);
    await cluster(19);
    expect((await clustersThere(places)).inUse).toBe(18);
    await useCluster(19, 'sha256:new', places);
    expect(await clustersThere(places)).toEqual({
      there: [18, 19],
      inUse: 19,
      images: { 18: 'sha256:old', 19: 'sha256:new' },
    });
  });

  it('are not counted where one was noted that is gone, as after a reset', async () => {
    await useCluster(19, 'sha256:new', places);
    expect((await clustersThere(places)).inUse).toBeNull();
  });

  it('are removed but for the one in use', async () => {
    await cluster(18);
    await cluster(19);
    await useCluster(18, 'sha256:old', places);
    await removeCluster(18, places);
    await removeCluster(19, places);
    expect((await clustersThere(places)).there).toEqual([18]);
  });
});
