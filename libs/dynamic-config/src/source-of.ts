import { mapContract } from './contract-source.ts';
import { webDocuments } from './http-source.ts';
import type { ConfigSource } from './source.ts';

/** ComputeHorde's own documents, which its network's services read. */
const ofFinney =
  'https://raw.githubusercontent.com/backend-developers-ltd/compute-horde-dynamic-config/master';

/** The settings that say where the others come from. */
export interface SourceSettings {
  dynamicConfigUrl?: string;
  dynamicConfigEnvironment: string;
  network: string;
  useContractConfig: boolean;
  configContract: string;
}

/**
 * The source that an operator has chosen: a contract, or documents on the web; null: none.
 *
 * @param service `miner` or `validator`
 * @param node the address of the chain's node, for the contract
 */
export function sourceOf(
  service: string,
  settings: SourceSettings,
  node: string | null,
): ConfigSource | null {
  if (settings.useContractConfig && node !== null)
    return mapContract({ address: settings.configContract, node });
  const { dynamicConfigUrl, dynamicConfigEnvironment: environment, network } = settings;
  const folder = dynamicConfigUrl ?? (network === 'finney' ? ofFinney : null);
  if (folder === null) return null;
  const base = folder.replace(/\/+$/, '');
  return webDocuments([service, 'common'].map((name) => `${base}/${name}-config-${environment}.json`));
}
