import type { Request } from 'express';
import { describe, expect, it } from 'vitest';
import { PanelOptions } from '../options.ts';
import { gatewayIn } from './gateway.ts';
import { Surroundings } from './surroundings.ts';

/** Which way a request has come. */
function way(remoteAddress: string, host: string, gateway: string | null, more: Record<string, string> = {}) {
  const options = Object.assign(new PanelOptions(), { trustedProxies: ['127.0.0.0/8'], gateway });
  const request = { headers: { host, ...more }, socket: { remoteAddress } } as unknown as Request;
  return new Surroundings(options).wayOf(request);
}

describe('a panel behind a port that a container publishes at 127.0.0.1', () => {
  it('is reached on its machine and through ssh -L, where the gateway counts as the machine itself', () => {
    expect(way('::ffff:172.17.0.1', '127.0.0.1:9000', '172.17.0.1')).toBe('loopback');
    expect(way('172.17.0.1', 'localhost:9000', '172.17.0.1')).toBe('loopback');
  });

  it('takes no password from anybody else, by another name, through a proxy, or where nothing is said of it', () => {
    expect(way('172.17.0.5', '127.0.0.1:9000', '172.17.0.1')).toBe('plain');
    expect(way('203.0.113.7', '127.0.0.1:9000', '172.17.0.1')).toBe('plain');
    expect(way('172.17.0.1', 'panel.example:9000', '172.17.0.1')).toBe('plain');
    expect(way('172.17.0.1', '127.0.0.1', '172.17.0.1', { 'x-forwarded-for': '203.0.113.7' })).toBe('plain');
    expect(way('172.17.0.1', '127.0.0.1', '172.17.0.1', { 'x-forwarded-proto': 'https' })).toBe('plain');
    expect(way('172.17.0.1', '127.0.0.1:9000', null)).toBe('plain');
  });

  it('knows its gateway from the table of routes', () => {
    const rows = [
      'Iface Destination Gateway Flags',
      'eth0 000011AC 00000000 0001',
      'eth0 00000000 010011AC 0003',
    ];
    expect(gatewayIn(rows.join('\n'))).toBe('172.17.0.1');
    expect(gatewayIn(rows.slice(0, 2).join('\n'))).toBeNull();
  });
});
