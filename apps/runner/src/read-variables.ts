import type { Role } from './roles.ts';

/** Which variables of `.env` a container gets: those that its service reads, as /app/settings.json lists them, and no others. */
export interface Catalogue {
  /** By service, `NAME` or the beginning of names, `NAME_*`; they are generated from the services' settings. */
  reads: Record<string, readonly string[]>;
  /** By service, those of them whose values nobody may see: it is given them as files. */
  secrets: Record<string, readonly string[]>;
  /** What no service of ours reads, though ComputeHorde's do. */
  unread: readonly string[];
}

type Variables = Record<string, string>;

/** Of `variables` those that a service reads and that say something: an empty one is one that is not set. */
export function readBy({ reads }: Catalogue, service: string, variables: Variables): Variables {
  const isRead = matcher(reads[service] ?? []);
  return Object.fromEntries(
    Object.entries(variables).filter(([name, value]) => value !== '' && isRead(name)),
  );
}

/** What the runner itself reads, beside its settings and each role's own ports and folders. */
const runnersOwn = ['COMPOSE_PROJECT_NAME', 'HOST_WALLET_DIR', 'RUNNER_IMAGE'];

/** Whether a variable is read by the runner, or by something that it starts. */
export function isReadBy({ name, ports, folders }: Role, { reads }: Catalogue, variable: string): boolean {
  const own = [...Object.keys(ports), ...Object.keys(folders), ...runnersOwn];
  return matcher([name, 'pylon', 'runner'].flatMap((one) => reads[one] ?? []).concat(own))(variable);
}

/** Those that nobody here knows: an operator's own. */
export function unknownOf({ reads, unread }: Catalogue, variables: Variables): Variables {
  const isKnown = matcher([...Object.values(reads).flat(), ...unread]);
  return Object.fromEntries(Object.entries(variables).filter(([name]) => !isKnown(name)));
}

function matcher(names: readonly string[]): (name: string) => boolean {
  const exact = new Set(names);
  const beginnings = names.filter((name) => name.endsWith('*')).map((name) => name.slice(0, -1));
  return (name) => exact.has(name) || beginnings.some((beginning) => name.startsWith(beginning));
}
