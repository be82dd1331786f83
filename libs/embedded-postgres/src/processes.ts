import { readdir, readFile, readlink } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const poll = 20; // milliseconds

/**
 * Whether `pid` is a Postgres process of this cluster. A number in a file may by now belong to another process:
 * only one that runs `postgres` inside the cluster's folder counts.
 */
export async function runsIn(cluster: string, pid: number): Promise<boolean> {
  try {
    const [folder, program] = await Promise.all([readlink(`/proc/${pid}/cwd`), readlink(`/proc/${pid}/exe`)]);
    return folder === cluster && path.basename(program).startsWith('postgres');
  } catch {
    return false; // gone, or another user's
  }
}

/** The server's pid by the cluster's own record; null when it has none or the process is not that server. */
export async function runningServer(cluster: string): Promise<number | null> {
  const pid = await recordedPid(cluster);
  return pid !== null && (await runsIn(cluster, pid)) ? pid : null;
}

/** The pid in postmaster.pid, whatever it belongs to now; null without one. */
export async function recordedPid(cluster: string): Promise<number | null> {
  const text = await readFile(path.join(cluster, 'postmaster.pid'), 'utf8').catch(() => '');
  const pid = Number.parseInt(text, 10);
  return pid > 0 ? pid : null;
}

/** Waits until no process of the cluster runs any more; false when some still do after `limit` milliseconds. */
export async function allGone(cluster: string, limit: number): Promise<boolean> {
  const end = Date.now() + limit;
  while (await anyRunsIn(cluster)) {
    if (Date.now() > end) return false;
    await sleep(poll);
  }
  return true;
}

async function anyRunsIn(cluster: string): Promise<boolean> {
  const pids = (await readdir('/proc')).map(Number).filter((pid) => pid > 0);
  return (await Promise.all(pids.map((pid) => runsIn(cluster, pid)))).includes(true);
}

/** Ends a server: connections are closed and data is written; after `grace` milliseconds it is killed. */
export async function endServer(cluster: string, pid: number, grace = 10_000): Promise<void> {
  if (!(await runsIn(cluster, pid))) return;
  signal(pid, 'SIGINT');
  const end = Date.now() + grace;
  for (let killed = false; await runsIn(cluster, pid); await sleep(poll)) {
    if (killed || Date.now() < end) continue;
    signal(pid, 'SIGKILL');
    killed = true;
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
