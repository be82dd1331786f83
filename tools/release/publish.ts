import type Docker from 'dockerode';
import { machineArchitecture, type ReleasedImage } from '@horde/release';
import { chooseBase } from '../images/base.ts';
import { buildImage, imageNames } from '../images/build.ts';
import type { Shipped } from '../images/runner-parts.ts';
import { ensureOthers } from '../images/others.ts';
import { pushImage } from './push.ts';

/**
 * Builds the images for this machine's architecture and puts them into the registry: those of the services first, since
 * what a runner starts is in it by digest.
 *
 * @param version what they are tagged with
 * @param say gets a line for each
 */
export async function publishImages(
  docker: Docker,
  shipped: Shipped,
  version: string,
  say: (line: string) => void,
): Promise<ReleasedImage[]> {
  const base = await chooseBase(docker, say);
  await ensureOthers(docker, say);
  const released: ReleasedImage[] = [];
  for (const name of imageNames) {
    const image = `horde/${name}:latest`;
    await buildImage(docker, name, { base, tag: image, shipped, say: (text) => process.stderr.write(text) });
    const digest = await pushImage(docker, image, `${shipped.repositories}/${name}`, version);
    released.push({
      name,
      architecture: machineArchitecture,
      digest,
      id: (await docker.getImage(image).inspect()).Id,
    });
    say(`${shipped.repositories}/${name}@${digest}`);
  }
  return released;
}
