import type Docker from 'dockerode';
import { answered } from './engine.ts';

/**
 * The address that containers on an engine's default bridge know its machine by. It is not the same on every machine:
 * Docker takes the first range that is free, and an operator may choose one (`bip`).
 *
 * @throws Error with a sentence where the engine has no such bridge, and what the engine's client throws
 */
export async function bridgeGateway(docker: Docker): Promise<string> {
  const { IPAM } = (await answered(docker.getNetwork('bridge').inspect())) as Docker.NetworkInspectInfo;
  const [config] = (IPAM?.Config ?? []).filter(({ Subnet }) => Subnet?.includes('.'));
  if (!config?.Subnet) throw new Error('The Docker engine has no bridge with an IPv4 address.');
  // An engine that has made its bridge since it was started does not name the gateway: it is the first address then.
  return config.Gateway || firstAddress(config.Subnet);
}

function firstAddress(subnet: string): string {
  const bytes = subnet.split('/')[0]!.split('.').map(Number);
  return [...bytes.slice(0, 3), bytes[3]! + 1].join('.');
}
