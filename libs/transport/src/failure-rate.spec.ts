import { expect, it } from 'vitest';
import { FailureRate, networkOf } from './failure-rate.ts';

it.each([
  ['203.0.113.1', '203.0.113.1'],
  ['::ffff:203.0.113.1', '203.0.113.1'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:0DB8::7', '2001:db8:0:0::/64'],
  ['2001:db8:1:2::', '2001:db8:1:2::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['1:2:3:4:5:6:7.8.9.10', '1:2:3:4::/64'],
  ['', ''],
])('the address %s counts as %s', (address, network) => expect(networkOf(address)).toBe(network));

it('addresses of all the world fill no memory', () => {
  const rate = new FailureRate(1);
  for (let n = 0; n < 10_001; n++) rate.failed(`10.0.${n >> 8}.${n & 255}`);
  expect(['10.0.0.0', '10.0.0.1'].map((address) => rate.allows(address))).toEqual([true, false]);
});
