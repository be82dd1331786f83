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

const mapped4 = new BlockList();
mapped4.addSubnet('::ffff:0:0', 96, 'ipv6');

/** Whether an IP address belongs to the public internet; an IPv4 address mapped into IPv6 counts as what it carries. */
export function isPublicAddress(address: string): boolean {
  const family = isIP(address);
  if (family === 4) return !notPublic4.check(address);
  if (family !== 6) return false;
  const inner = mappedAddress(address);
  if (inner) return isPublicAddress(inner);
  return global6.check(address, 'ipv6') && !notPublic6.check(address, 'ipv6');
}

function mappedAddress(address: string): string | null {
  if (!mapped4.check(address, 'ipv6')) return null;
  // The URL parser writes every spelling of such an address as [::ffff:hhhh:hhhh].
  const [high, low] = new URL(`http://[${address}]`).hostname.slice(1, -1).split(':').slice(-2);
  const value = (parseInt(high!, 16) << 16) | parseInt(low!, 16);
  return [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join('.');
}
