import { existsSync, readFileSync } from 'node:fs';
import { CannotStart } from '@horde/operations';

/** What Docker and Podman leave in a container. */
const marks = ['/.dockerenv', '/run/.containerenv'];

/**
 * The gateway of this container's network: what its machine's own connections to a port that is published at 127.0.0.1 seem
 * to come from.
 *
 * @throws CannotStart where this is no container: there the gateway is a router, and behind it are others
 */
export function ownGateway(): string {
  const gateway = marks.some((file) => existsSync(file))
    ? gatewayIn(readFileSync('/proc/net/route', 'utf8'))
    : null;
  if (gateway === null)
    throw new CannotStart(
      'PUBLISHED_ON_LOOPBACK is for a container with a network of its own: this is none.',
    );
  return gateway;
}

/** The gateway of the default route in Linux' table of them; null: there is none. Addresses are in the machine's byte order. */
export function gatewayIn(routes: string): string | null {
  const rows = routes.split('\n').map((line) => line.trim().split(/\s+/));
  const gateway = rows.find(([, destination, to]) => destination === '00000000' && to !== '00000000')?.[2];
  if (gateway === undefined || !/^[\dA-F]{8}$/i.test(gateway)) return null;
  return [...Buffer.from(gateway, 'hex')].toReversed().join('.');
}
