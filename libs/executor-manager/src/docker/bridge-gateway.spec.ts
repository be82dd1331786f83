import type Docker from 'dockerode';
import { expect, it } from 'vitest';
import { bridgeGateway } from './bridge-gateway.ts';

/** An engine that says this of its bridge. */
const engine = (...Config: { Subnet?: string; Gateway?: string }[]) =>
  ({ getNetwork: () => ({ inspect: async () => ({ IPAM: { Config } }) }) }) as unknown as Docker;

it('the address of an engine’s bridge is the first of its range where it names none, as one that has just made it', async () => {
  expect(await bridgeGateway(engine({ Subnet: '172.20.0.0/16' }))).toBe('172.20.0.1');
  expect(await bridgeGateway(engine({ Subnet: 'fd00::/64' }, { Subnet: '10.1.2.128/25' }))).toBe(
    '10.1.2.129',
  );
  expect(await bridgeGateway(engine({ Subnet: '10.0.0.0/8', Gateway: '10.9.9.9' }))).toBe('10.9.9.9');
});

it('an engine without a bridge is named', async () => {
  await expect(bridgeGateway(engine())).rejects.toThrow('no bridge with an IPv4 address');
});
