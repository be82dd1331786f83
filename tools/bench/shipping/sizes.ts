import type { ReleaseList } from '@horde/release';
import type { Figure } from '../figure.ts';

const bars = { image: 90, further: 15 };
const megabyte = 1_000_000;
const roles = ['miner', 'validator', 'facilitator'];

/** What a registry has of an image, compressed: its size by digest. */
type Blobs = Map<string, number>;

/** How large images are in the registry, and what a further one adds on a host, where what they share is once. */
export async function sizeFigures(registry: string, { images }: ReleaseList): Promise<Figure[]> {
  const blobs = new Map<string, Blobs>();
  for (const { name, digest } of images) blobs.set(name, await blobsOf(registry, name, digest));
  const total = (all: Blobs) => [...all.values()].reduce((sum, size) => sum + size, 0) / megabyte;
  const all = (names: string[]) => new Map(names.flatMap((name) => [...blobs.get(name)!]));
  const found: Figure[] = [...blobs].map(([name, ofImage]) => ({
    name: `pulled for ${name}`,
    value: total(ofImage),
    unit: 'MB',
    bar: bars.image,
    atLeast: false,
    note: 'compressed, with its base',
  }));
  for (const role of roles) {
    const there = all(roles.filter((one) => one !== role).flatMap((one) => [one, `${one}-runner`]));
    const both = all(roles.flatMap((one) => [one, `${one}-runner`]));
    found.push({
      name: `pulled for a further ${role} on a host`,
      value: total(both) - total(there),
      unit: 'MB',
      bar: bars.further,
      atLeast: false,
      note: 'its image and its runner, beside another service',
    });
  }
  const miner = ['miner', 'miner-runner'];
  found.push({
    name: "pulled for the executor beside its miner's",
    value: total(all([...miner, 'executor'])) - total(all(miner)),
    unit: 'MB',
    bar: bars.further,
    atLeast: false,
  });
  return found;
}

interface Manifest {
  config: { digest: string; size: number };
  layers: { digest: string; size: number }[];
}

async function blobsOf(registry: string, name: string, digest: string): Promise<Blobs> {
  const answer = await fetch(`http://${registry}/v2/horde/${name}/manifests/${digest}`, {
    headers: { accept: 'application/vnd.docker.distribution.manifest.v2+json' },
  });
  if (!answer.ok) throw new Error(`The registry answers with ${answer.status} for ${name}@${digest}.`);
  const { config, layers } = (await answer.json()) as Manifest;
  return new Map([config, ...layers].map((blob) => [blob.digest, blob.size]));
}
