import { readFileSync } from 'node:fs';
import { readdir, readFile, readlink } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** A process that is not mistaken for a later one with the same pid. */
export interface ProcessIdentity {
  pid: number;
  /** When it started, in ticks since the machine did: field 22 of /proc/PID/stat. */
  startTime: string;
}

/** The identity of a running process; null when there is none with this pid. */
export function identify(pid: number): ProcessIdentity | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? null : { pid, startTime: fields[19]! };
  } catch {
    return null;
  }
}

export const isRunning = ({ pid, startTime }: ProcessIdentity): boolean =>
  identify(pid)?.startTime === startTime;

/** Every process that was started for a network, its executors included, found by the variable all of them carry. */
export async function processesOfNetwork(network: string): Promise<ProcessIdentity[]> {
  const wanted = `HORDE_NETWORK=${network}`;
  const found = await Promise.all(
    (await pids()).map(async (pid) => {
      if (pid === process.pid) return null;
      const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
      return environment.split('\0').includes(wanted) ? identify(pid) : null;
    }),
  );
  return found.filter((identity) => identity !== null);
}

const pids = async (): Promise<number[]> =>
  (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);

/** Ends processes: politely, and those still running after `grace` for good. Returns when none runs. @param grace ms */
export async function endProcesses(processes: ProcessIdentity[], grace: number): Promise<void> {
  signalAll(processes, 'SIGTERM');
  const deadline = Date.now() + grace;
  while (processes.some(isRunning)) {
    if (Date.now() > deadline) signalAll(processes, 'SIGKILL');
    await sleep(10);
  }
}

function signalAll(processes: ProcessIdentity[], signal: NodeJS.Signals): void {
  for (const identity of processes.filter(isRunning)) {
    try {
      process.kill(identity.pid, signal);
    } catch {
      // It ended between the look and the signal.
    }
  }
}

/** Who listens on a TCP port: "nginx (pid 812)"; null when nobody can be seen. */
export async function whoListens(port: number): Promise<string | null> {
  const inodes = (
    await Promise.all(['/proc/net/tcp', '/proc/net/tcp6'].map((table) => listeningInodes(table, port)))
  ).flat();
  if (inodes.length === 0) return null;
  for (const pid of await pids()) {
    for (const descriptor of await readdir(`/proc/${pid}/fd`).catch(() => [])) {
      const target = await readlink(`/proc/${pid}/fd/${descriptor}`).catch(() => '');
      if (!inodes.includes(target)) continue;
      // Its program: a thread may have a name of its own, as Node's has.
      const [program = ''] = (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).split('\0');
      const name = path.basename(program) || '?';
      return `${name} (pid ${pid})`;
    }
  }
  return null;
}

async function listeningInodes(table: string, port: number): Promise<string[]> {
  const lines = (await readFile(table, 'utf8').catch(() => '')).trim().split('\n').slice(1);
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  return lines
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[1]?.endsWith(`:${hex}`) && fields[3] === '0A')
    .map((fields) => `socket:[${fields[9]}]`);
}
