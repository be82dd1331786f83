import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { isPublicAddress } from '@horde/network';
import { failures } from '../failures.ts';
import { why } from '../wording.ts';
import { parseReference } from './image-reference.ts';

export interface RegistryAddressOptions {
  /** Whether the engine reaches registries through a proxy, which may know names that this machine does not. */
  hasProxy: () => Promise<boolean>;
  /** All addresses of a name. @default the system's way */
  resolve?: (host: string) => Promise<string[]>;
}

/**
 * Sees to it that a job's image makes the engine ask nobody but a registry of the public internet: not a service of
 * this machine or of its network, nor a cloud's metadata. The engine looks the name up again when it pulls: a name
 * whose addresses change in between gets past this.
 *
 * @throws JobFailure where the registry is an address, or a name with one that is not public
 * @throws HordeError IMAGE_UNAVAILABLE where the name is not known
 */
export async function checkRegistryAddress(
  reference: string,
  options: RegistryAddressOptions,
): Promise<void> {
  const { registry } = parseReference(reference);
  if (registry === 'docker.io') return; // the engine's own registry, be it at a mirror
  const host = (
    /^\[(?<address>.*)\]/.exec(registry)?.groups?.['address'] ?? registry.split(':')[0]!
  ).toLowerCase();
  const refuse = (fact: string) => {
    const allow = 'the operator of this machine can name it in JOB_ALLOWED_REGISTRIES';
    return failures.IMAGE_REFUSED(reference, `its registry ${registry} ${fact}; ${allow}`);
  };
  if (isIP(host)) throw refuse('is an address and no name');
  if (host === 'localhost' || host.endsWith('.localhost')) throw refuse('is this machine itself');
  let addresses: string[];
  try {
    addresses = await (options.resolve ?? systemResolve)(host);
  } catch (error) {
    if (await options.hasProxy()) return;
    throw failures.IMAGE_UNAVAILABLE(reference, `the registry ${registry} cannot be reached (${why(error)})`);
  }
  if (!addresses.every(isPublicAddress)) throw refuse('is not in the public internet');
}

const systemResolve = async (host: string): Promise<string[]> =>
  (await lookup(host, { all: true })).map(({ address }) => address);
