import { BlockList, isIP } from 'node:net';

const notPublic4 = new BlockList();
for (const [network, prefix] of [
  ['0.0.0.0', 8], // this network
  ['10.0.0.0', 8], // private
  ['100.64.0.0', 10], // behind a carrier's NAT
  ['127.0.0.0', 8], // loopback
  ['169.254.0.0', 16], // link-local: metadata services of clouds
  ['172.16.0.0', 12], // private
  ['192.0.0.0', 24], // protocol assignments
  ['192.0.2.0', 24], // documentation
  ['192.88.99.0', 24], // 6to4 relays
  ['192.168.0.0', 16], // private
  ['198.18.0.0', 15], // benchmarks
  ['198.51.100.0', 24], // documentation
  ['203.0.113.0', 24], // documentation
  ['224.0.0.0', 3], // multicast, reserved, broadcast
] as const) {
  notPublic4.addSubnet(network, prefix);
}

const global6 = new BlockList();
global6.addSubnet('2000::', 3, 'ipv6');

const notPublic6 = new BlockList();
for (const [network, prefix] of [
  ['2001::', 23], // protocol assignments, Teredo among them, which carries IPv4
  ['2001:db8::', 32], // documentation
  ['2002::', 16], // 6to4: carries IPv4
  ['3fff::', 20], // documentation
] as const) {
  notPublic6.addSubnet(network, prefix, 'ipv6');
}

/**
 * IPv6 networks whose addresses stand for the IPv4 address in their last four bytes: mapped ones, and those behind the
 * well-known prefix of NAT64, which is how a machine without IPv4 reaches it. Others that carry IPv4 are refused: 6to4,
 * Teredo and IPv4-compatible ones are out of use, and what 64:ff9b:1::/48 leads to is the local network's own.
 */
const carrying4 = new BlockList();
carrying4.addSubnet('::ffff:0:0', 96, 'ipv6');
carrying4.addSubnet('64:ff9b::', 96, 'ipv6');

/** Whether an IP address belongs to the public internet; an IPv6 address that stands for an IPv4 one is judged as that. */
export function isPublicAddress(address: string): boolean {
  const family = isIP(address);
  if (family === 4) return !notPublic4.check(address);
  if (family !== 6) return false;
  if (carrying4.check(address, 'ipv6')) return isPublicAddress(lastFourBytes(address));
  return global6.check(address, 'ipv6') && !notPublic6.check(address, 'ipv6');
}

function lastFourBytes(address: string): string {
  // The URL parser writes every spelling as groups of hexadecimal digits; leading zeros of the last two may be left out.
  const groups = new URL(`http://[${address.replace(/%.*$/, '')}]`).hostname.slice(1, -1).split(':');
  const [high, low] = groups.slice(-2).map((group) => parseInt(group || '0', 16));
  return [high! >> 8, high! & 255, low! >> 8, low! & 255].join('.');
}
