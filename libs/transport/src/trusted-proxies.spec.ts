import { validateSync } from 'class-validator';
import { describe, expect, it } from 'vitest';
import { IsAddressBlocks, TrustedProxies } from './trusted-proxies.ts';

const loopback = ['127.0.0.0/8', '::1'];

const seen = (remoteAddress: string, header?: string, blocks: string[] = loopback) =>
  new TrustedProxies(blocks).addressOf(
    { ...(header !== undefined && { 'x-real-ip': header }) },
    remoteAddress,
  );

describe('the address of a peer', () => {
  it.each<[string, string, string | undefined, string[] | undefined, string]>([
    ['is that of its socket', '203.0.113.7', undefined, undefined, '203.0.113.7'],
    ['is written as IPv4 where it is that', '::ffff:203.0.113.7', undefined, undefined, '203.0.113.7'],
    ['is told by a proxy on this machine', '127.0.0.1', '203.0.113.7', undefined, '203.0.113.7'],
    ['is told by a proxy on this machine over IPv6', '::1', '2001:db8::7', undefined, '2001:db8::7'],
    ['is not what a private neighbour says', '10.0.0.2', '203.0.113.7', undefined, '10.0.0.2'],
    ['is told by a proxy that is trusted', '10.0.0.2', '203.0.113.7', ['10.0.0.0/8'], '203.0.113.7'],
    ['is told by a proxy that is named', '2001:db8::1', '203.0.113.7', ['2001:db8::1'], '203.0.113.7'],
    [
      'is not what this machine says where others are trusted',
      '127.0.0.1',
      '203.0.113.7',
      ['10.0.0.0/8'],
      '127.0.0.1',
    ],
    ['is not what anybody says where nobody is trusted', '127.0.0.1', '203.0.113.7', [], '127.0.0.1'],
    ['is not what a proxy says that says nonsense', '127.0.0.1', 'x', undefined, '127.0.0.1'],
  ])('%s', (_what, remote, header, blocks, address) => {
    expect(seen(remote, header, blocks)).toBe(address);
  });
});

class Settings {
  @IsAddressBlocks() trustedProxies: string[];

  constructor(...blocks: string[]) {
    this.trustedProxies = blocks;
  }
}

it.each(['10.0.0.0/8', '::1', '192.0.2.1', 'fc00::/7'])('%s can be trusted', (block) => {
  expect(validateSync(new Settings(block))).toEqual([]);
});

it.each(['', 'proxy', '10.0.0.0/33', '10.0.0.0/8/8', '10.0.0.0/x', '10.0.0.0/'])(
  'a setting that trusts "%s" is found wrong',
  (block) => {
    expect(validateSync(new Settings('::1', block))).toHaveLength(1);
    expect(() => new TrustedProxies([block])).toThrow('neither an address');
  },
);
