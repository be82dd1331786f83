import { randomBytes } from 'node:crypto';
import { chmod, chown, link, mkdir, readFile, realpath, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { assertReachable } from './account.ts';
import type { Binaries } from './binaries.ts';
import { cacheFolder, exists, placeOnce } from './place.ts';
import { allGone, recordedPid, runningServer } from './processes.ts';
import { run, type Account } from './run.ts';

/** The role that owns everything in a cluster of ours. */
export const role = 'horde';

/** A data folder: `cluster/` belongs to the account of Postgres, the other two files to the caller. */
export interface DataFolder {
  cluster: string;
  /** Mode 0600. */
  passwordFile: string;
  logFile: string;
}

/** The parts of a data folder that exists. */
export async function openFolder(dataFolder: string): Promise<DataFolder> {
  const folder = await realpath(dataFolder);
  const inside = (name: string) => path.join(folder, name);
  return { cluster: inside('cluster'), passwordFile: inside('password'), logFile: inside('postgres.log') };
}

/**
 * Makes the data folder if need be, and checks that Postgres can get at it.
 *
 * @throws Error naming the folder on the way that is closed to the account.
 */
export async function makeFolder(dataFolder: string, account: Account): Promise<DataFolder> {
  const wanted = path.resolve(dataFolder);
  const first = await mkdir(wanted, { recursive: true });
  const folder = await realpath(wanted);
  if (account.switchTo) {
    for (let made = first ? wanted : null; made; made = made === first ? null : path.dirname(made))
      await letPass(made);
    await letPass(folder);
    await assertReachable(folder, account);
  }
  return openFolder(folder);
}

async function letPass(folder: string): Promise<void> {
  await chmod(folder, (await stat(folder)).mode | 0o011);
}

/**
 * Fills an empty data folder with a cluster, and returns its password. A new cluster is a copy of a template that
 * initdb made once on this machine: 0.1 s in place of 0.8 s.
 */
export async function prepareCluster(
  folder: DataFolder,
  binaries: Binaries,
  account: Account,
  durable: boolean,
): Promise<string> {
  const password = await keepPassword(folder.passwordFile);
  await placeOnce(folder.cluster, async (staging) => {
    await run('cp', ['-a', '--reflink=auto', await template(binaries, account), staging]);
    await setPassword(staging, password, binaries, account);
    if (durable) await run(binaries.initdb, ['--sync-only', '-D', staging], { account });
  });
  if (account.switchTo) await handOver(folder.cluster, account);
  return password;
}

/** Of two that start at once both end up with the same password. */
async function keepPassword(file: string): Promise<string> {
  if (!(await exists(file))) {
    const draft = `${file}.${randomBytes(4).toString('hex')}`;
    await writeFile(draft, randomBytes(24).toString('hex'), { mode: 0o600 });
    await link(draft, file).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
    await rm(draft);
  }
  return readFile(file, 'utf8');
}

async function template(binaries: Binaries, account: Account): Promise<string> {
  const folder = path.join(cacheFolder(), `postgres-${binaries.version}-template-${account.uid}`);
  await placeOnce(folder, async (staging) => {
    await mkdir(staging, { mode: 0o700 });
    if (account.switchTo) await chown(staging, account.uid, account.gid);
    const layout = ['--locale=C', '--encoding=UTF8', `--username=${role}`];
    const access = ['--auth-local=reject', '--auth-host=scram-sha-256'];
    await run(binaries.initdb, ['-D', staging, '--no-sync', '--no-instructions', ...layout, ...access], {
      account,
    });
  });
  return folder;
}

/** Without a server, so that there is never one that the template's password, or none, opens. */
async function setPassword(
  cluster: string,
  password: string,
  binaries: Binaries,
  account: Account,
): Promise<void> {
  const input = `ALTER ROLE ${role} PASSWORD '${password}'\n`;
  await run(binaries.postgres, ['--single', '-D', cluster, '-c', 'fsync=off', 'postgres'], {
    account,
    input,
  });
}

/** A cluster that another user made, or that was restored from a copy, becomes the account's. */
async function handOver(cluster: string, account: Account): Promise<void> {
  if ((await stat(cluster)).uid !== account.uid)
    await run('chown', ['-R', `${account.uid}:${account.gid}`, cluster]);
}

/**
 * Clears what a killed server left: its last children are waited for, and a pid file is removed whose number belongs
 * to an unrelated process by now (Postgres would take that for a running server).
 *
 * @throws Error when a server runs on this cluster.
 */
export async function clearLeftovers({ cluster }: DataFolder): Promise<void> {
  const recorded = await recordedPid(cluster);
  if (recorded === null) return;
  const running = await runningServer(cluster);
  if (running !== null) throw new Error(`A Postgres server already runs on ${cluster} (pid ${running}).`);
  if (!(await allGone(cluster, 10_000)))
    throw new Error(`Processes of a Postgres server that was killed still run on ${cluster}.`);
  await rm(path.join(cluster, 'postmaster.pid'), { force: true });
}
