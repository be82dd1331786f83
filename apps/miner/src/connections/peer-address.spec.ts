import { expect, it } from 'vitest';
import { peerAddress } from './peer-address.ts';

const address = (remoteAddress: string, seen?: string | string[]) =>
  peerAddress({ params: {}, remoteAddress, headers: { ...(seen && { 'x-real-ip': seen }) } });

it.each([
  ['127.0.0.1', '203.0.113.7', '203.0.113.7'],
  ['::ffff:172.18.0.2', '203.0.113.7', '203.0.113.7'],
  ['::1', '2001:db8::7', '2001:db8::7'],
  ['fd00::2', '203.0.113.7', '203.0.113.7'],
])('behind a proxy at %s somebody is at the address that it names', (proxy, seen, expected) => {
  expect(address(proxy, seen)).toBe(expected);
});

it.each([
  ['198.51.100.1', '203.0.113.7'],
  ['2001:db8::1', '203.0.113.7'],
  ['172.32.0.1', '203.0.113.7'],
  ['127.0.0.1', 'localhost'],
  ['127.0.0.1', undefined],
])('a connection from %s that says %s is from where it comes from', (remote, seen) => {
  expect(address(remote, seen)).toBe(remote);
});
