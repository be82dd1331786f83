/**
 * What shipping costs operators: the time of an install, the bytes of images, and how long a service is away in an update.
 * The images are those of this checkout, in a registry on this machine; the server is a container with its own engine, as
 * the specs of the install scripts have it.
 */
import { NearServer } from '../../tests/shipping/near-server.ts';
import { ReleasePlace } from '../../tests/shipping/release-place.ts';
import type { Figure } from './figure.ts';
import { awayFigures } from './shipping/away.ts';
import { installFigure } from './shipping/install.ts';
import { sizeFigures } from './shipping/sizes.ts';

export async function figures(): Promise<Figure[]> {
  const place = await ReleasePlace.open();
  try {
    const list = await place.ship();
    const sizes = await sizeFigures(place.registryHost, list);
    const near = await NearServer.start(place);
    try {
      return [await installFigure(near), ...sizes, ...(await awayFigures(near, place))];
    } finally {
      await near.remove();
    }
  } finally {
    await place.close();
  }
}
