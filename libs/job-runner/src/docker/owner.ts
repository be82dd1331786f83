import { createHash } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import type Docker from 'dockerode';
import { ownContainer } from './own-container.ts';

/** Whether an owner still runs; `unknown` where that cannot be told from here, which is no reason to remove anything. */
export type OwnerState = 'living' | 'dead' | 'unknown';

const ownerPattern =
  /^(?<boot>[\w-]+):(?<namespace>\d+):(?<pid>\d+):(?<started>\d+):(?<machine>\w*)(@(?<engine>\w+):(?<container>\w+):(?<since>\d+))?$/;

/**
 * Names this process, of all that any machine ever runs:
 * `{boot id}:{pid namespace}:{pid}:{start in clock ticks since boot}:{hash of the machine's id, if any, and host name}`.
 */
export function processOwner(): string {
  const { boot, namespace, machine } = ownFacts();
  return `${boot}:${namespace}:${process.pid}:${status(readFileSync('/proc/self/stat', 'utf8')).started}:${machine}`;
}

const owners = new WeakMap<Docker, Promise<string>>();

/**
 * Names this process so that others who use the same engine can tell whether it still runs: `processOwner()`, and
 * where it runs in a container of that engine also `@{hash of the engine's id}:{container id}:{its start, ms}`.
 */
export function ownerOn(docker: Docker): Promise<string> {
  let owner = owners.get(docker);
  if (!owner) {
    owner = findOwner(docker);
    owners.set(docker, owner);
    owner.catch(() => owners.delete(docker)); // asked again next time
  }
  return owner;
}

async function findOwner(docker: Docker): Promise<string> {
  const own = await ownContainer(docker);
  if (!own) return processOwner();
  return `${processOwner()}@${await engineId(docker)}:${own.Id}:${Date.parse(own.State.StartedAt)}`;
}

/**
 * The labels of everything that an executor makes on an engine for a job: `horde.job` (the job's uuid), `horde.owner`
 * (`ownerOn(docker)`) and, within a local network, `horde.network`.
 *
 * @param options.network @default HORDE_NETWORK
 */
export async function ownerLabels(
  jobUuid: string,
  options: { docker: Docker; network?: string | undefined },
): Promise<Record<string, string>> {
  const network = options.network ?? process.env['HORDE_NETWORK'];
  return {
    'horde.job': jobUuid,
    'horde.owner': await ownerOn(options.docker),
    ...(network && { 'horde.network': network }),
  };
}

/**
 * Whether an owner, named by `processOwner()` or `ownerOn()`, still runs. A process is looked up where it can be seen
 * from here; otherwise the engine is asked for its container. A process of this machine's earlier boot is dead.
 */
export async function ownerState(docker: Docker, owner: string): Promise<OwnerState> {
  const named = ownerPattern.exec(owner)?.groups;
  if (!named) return 'unknown';
  const own = ownFacts();
  if (named['boot'] === own.boot && named['namespace'] === own.namespace) {
    return (await isRunning(Number(named['pid']), named['started']!)) ? 'living' : 'dead';
  }
  if (named['container']) return containerState(docker, named);
  const earlierBoot = named['boot'] !== own.boot && own.machine !== '' && named['machine'] === own.machine;
  return earlierBoot ? 'dead' : 'unknown';
}

async function isRunning(pid: number, started: string): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  try {
    const now = status(await readFile(`/proc/${pid}/stat`, 'utf8'));
    return now.started === started && now.state !== 'Z' && now.state !== 'X';
  } catch {
    return true; // it is there, although this user may not look at it
  }
}

async function containerState(docker: Docker, named: Record<string, string>): Promise<OwnerState> {
  // Another engine of this machine, whose job folders lie beside ours, has containers that this one does not know.
  if (named['engine'] !== (await engineId(docker))) return 'unknown';
  try {
    const { State } = await docker.getContainer(named['container']!).inspect();
    return State.Running && Date.parse(State.StartedAt) === Number(named['since']) ? 'living' : 'dead';
  } catch (error) {
    if ((error as { statusCode?: number }).statusCode === 404) return 'dead';
    throw error;
  }
}

const hash = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 12);

async function engineId(docker: Docker): Promise<string> {
  return hash(((await docker.info()) as { ID: string }).ID);
}

function ownFacts() {
  return {
    boot: readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(),
    namespace: /\d+/.exec(readlinkSync('/proc/self/ns/pid'))![0],
    machine: machine(),
  };
}

/** Where there is no machine id, as in containers and bare systems, the host name alone: a container's is its own. */
function machine(): string {
  let id = '';
  try {
    id = readFileSync('/etc/machine-id', 'utf8').trim();
  } catch {
    // there is none
  }
  return hash(`${id} ${hostname()}`);
}

function status(stat: string): { state: string; started: string } {
  // The second field, the program's name, may hold blanks and parentheses; state is field 3, the start time field 22.
  const afterName = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return { state: afterName[0]!, started: afterName[19]! };
}
