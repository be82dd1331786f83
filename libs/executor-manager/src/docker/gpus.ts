import { type ExecutorClass, executorClasses } from '@horde/protocol';
import type { SshTarget } from '../ssh/ssh-link.ts';

/** What an executor has of its machine's GPUs: their names with commas between them, `all`, or `none`. */
export type GpusHeld = string;

const index = /^\d{1,3}$/;
const uuid = /^(GPU|MIG)-[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i;
/** As drivers before 470 name a part of a GPU. */
const oldMig = /^MIG-GPU-[\da-f-]{36}\/\d+\/\d+$/i;
const forms =
  'a list such as [0, 1, 2, 3], which the executors share equally, or a list for each, [[0, 1], [2, 3]], of indices or ' +
  'UUIDs (GPU-…, MIG-…) as nvidia-smi -L shows them';

/**
 * Reads a server's `gpus`.
 *
 * @param value a list of indices and UUIDs, or a list of such lists
 * @param executors how many executors the server has; null: the file does not say
 * @returns what each executor gets: neighbours in the list stay together
 * @throws Error with the end of a sentence that begins with "the gpus of …"
 */
export function readGpus(value: unknown, executors: number | null): string[][] {
  if (!Array.isArray(value) || value.length === 0) throw new Error(`must be ${forms}`);
  const shares = value.every((one) => Array.isArray(one)) ? value : equalShares(value, executors ?? 1);
  if (executors !== null && shares.length !== executors)
    throw new Error(`are ${shares.length} lists for ${executors} executors: name one for each`);
  const named = shares.map((share) => share.map(gpuName));
  if (named.some((share) => share.length === 0)) throw new Error('hold a list without a GPU');
  const twice = repeated(named.flat());
  if (twice !== undefined) throw new Error(`name ${twice} twice`);
  return named;
}

function equalShares(gpus: unknown[], count: number): unknown[][] {
  const size = gpus.length / count;
  if (!Number.isInteger(size))
    throw new Error(
      `are ${gpus.length}, which ${count} executors cannot share equally: name a list for each`,
    );
  return Array.from({ length: count }, (_, at) => gpus.slice(at * size, (at + 1) * size));
}

function gpuName(value: unknown): string {
  const name = typeof value === 'number' || typeof value === 'string' ? String(value) : '';
  if (!index.test(name) && !uuid.test(name) && !oldMig.test(name)) throw new Error(`must be ${forms}`);
  return index.test(name) ? String(Number(name)) : name;
}

function repeated(names: string[]): string | undefined {
  const seen = new Set<string>();
  return names.find((name) => seen.size === seen.add(name.toLowerCase()).size);
}

/** Where servers have the same GPUs: on one machine, whoever logs in there. */
export const gpuMachine = (ssh: SshTarget | null): string => (ssh ? `${ssh.host} ${ssh.port}` : 'local');

/** A server, as far as its GPUs go. */
interface GpuServer {
  name: string;
  executorClass: ExecutorClass;
  ssh: SshTarget | null;
  gpus: string[][] | null;
}

/** What is wrong with the GPUs of servers that share a machine: sentences. */
export function gpuConflicts(servers: GpuServer[]): string[] {
  const machines = Map.groupBy(servers, ({ ssh }) => gpuMachine(ssh));
  return [...machines.values()].flatMap((neighbours) => {
    const naming = neighbours.filter(({ gpus }) => gpus !== null);
    if (naming.length === 0) return [];
    const [first] = naming;
    const greedy = neighbours.find(
      ({ gpus, executorClass }) => gpus === null && executorClasses[executorClass].hasGpu,
    );
    if (greedy)
      return [
        `${first!.name} names its gpus, and ${greedy.name} on the same machine would get all: it needs gpus too.`,
      ];
    const all = naming.flatMap(({ gpus }) => gpus!.flat());
    if (all.some(isIndex) && !all.every(isIndex))
      return [`the gpus of one machine must be all indices or all UUIDs (${namesOf(naming)}).`];
    const twice = repeated(all);
    return twice === undefined ? [] : [`${twice} is among the gpus of more than one of ${namesOf(naming)}.`];
  });
}

const isIndex = (name: string) => index.test(name);
const namesOf = (servers: GpuServer[]) => servers.map(({ name }) => name).join(', ');

/** Whether an executor has a GPU of these. What cannot be compared, an index and a UUID, may be the same. */
export function hasOneOf(held: GpusHeld, gpus: string[]): boolean {
  if (held === 'all' || held === 'none') return held === 'all';
  const names = held.toLowerCase().split(',');
  return gpus.some(
    (gpu) => names.includes(gpu.toLowerCase()) || names.some((name) => isIndex(name) !== isIndex(gpu)),
  );
}
