import { BlockList, isIP } from 'node:net';
import type { Upgrade } from '@horde/transport';

/** Where a reverse proxy of this miner's own may be. */
const near = new BlockList();
for (const [network, prefix] of [
  ['127.0.0.0', 8],
  ['10.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
] as const)
  near.addSubnet(network, prefix, 'ipv4');
near.addAddress('::1', 'ipv6');
near.addSubnet('fc00::', 7, 'ipv6');

/**
 * The address that a peer connects from: the socket's; behind a proxy, which is on this machine or in its private
 * network, what that says in `X-Real-IP`. From anywhere else the header proves nothing.
 */
export function peerAddress({ headers, remoteAddress }: Upgrade): string {
  const address = remoteAddress.replace(/^::ffff:/, '');
  const seen = headers['x-real-ip'];
  if (typeof seen !== 'string' || isIP(seen) === 0) return address;
  return near.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4') ? seen : address;
}
