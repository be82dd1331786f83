/** ComputeHorde's own documents, which its network's services read. */
const ofFinney =
  'https://raw.githubusercontent.com/backend-developers-ltd/compute-horde-dynamic-config/master';

/**
 * The addresses of a service's documents, the later one to win.
 *
 * @param service `miner` or `validator`
 */
export function documentsOf(
  service: string,
  settings: { dynamicConfigUrl?: string; dynamicConfigEnvironment: string; network: string },
): string[] {
  const { dynamicConfigUrl, dynamicConfigEnvironment: environment, network } = settings;
  const folder = dynamicConfigUrl ?? (network === 'finney' ? ofFinney : null);
  if (folder === null) return [];
  const base = folder.replace(/\/+$/, '');
  return [service, 'common'].map((name) => `${base}/${name}-config-${environment}.json`);
}
