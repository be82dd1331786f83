import { stat } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { run, RunError, type Account } from './run.ts';

const systemUser = 'horde-postgres';
const userExists = 9; // useradd's exit code
const attempts = 20;

/**
 * Postgres refuses to run as root: under root it gets a system user of its own, made when it is missing.
 * Everyone else runs it as themselves.
 */
export async function postgresAccount(): Promise<Account> {
  const uid = process.getuid?.() ?? 0;
  if (uid !== 0)
    return { name: process.env.USER ?? String(uid), uid, gid: process.getgid?.() ?? uid, switchTo: false };
  return (await lookUp()) ?? (await create());
}

async function lookUp(): Promise<Account | null> {
  try {
    const [uid, gid] = await Promise.all([run('id', ['-u', systemUser]), run('id', ['-g', systemUser])]);
    return { name: systemUser, uid: Number(uid), gid: Number(gid), switchTo: true };
  } catch (error) {
    if (error instanceof RunError) return null;
    throw error;
  }
}

async function create(): Promise<Account> {
  const args = [
    '--system',
    '--user-group',
    '--no-create-home',
    '--home-dir',
    '/nonexistent',
    '--shell',
    '/usr/sbin/nologin',
    systemUser,
  ];
  for (let attempt = 1; ; attempt++) {
    try {
      await run('useradd', args);
    } catch (error) {
      // Another process may hold the lock on /etc/passwd, or have made the user already.
      const exists = error instanceof RunError && error.exitCode === userExists;
      if (!exists && attempt === attempts) {
        throw new Error(
          `Postgres needs a user that is not root, and it could not be made. Make it by: useradd ${args.join(' ')}`,
          { cause: error },
        );
      }
    }
    const account = await lookUp();
    if (account) return account;
    await sleep(100);
  }
}

/**
 * Checks that `account` can pass every folder on the way to `folder`, `folder` included.
 *
 * @param folder absolute, without symbolic links in it.
 * @throws Error naming the first folder that is closed, and what to do.
 */
export async function assertReachable(folder: string, account: Account): Promise<void> {
  if (!account.switchTo) return;
  for (let part = folder, parts = [part]; ; parts.unshift(part)) {
    const parent = path.dirname(part);
    if (parent === part) return assertPassable(parts, folder, account);
    part = parent;
  }
}

async function assertPassable(parts: string[], folder: string, account: Account): Promise<void> {
  for (const part of parts) {
    const { mode, uid, gid } = await stat(part);
    const needed = uid === account.uid ? 0o100 : gid === account.gid ? 0o010 : 0o001;
    if (mode & needed) continue;
    const shown = (mode & 0o7777).toString(8).padStart(4, '0');
    throw new Error(
      `Postgres runs as the user ${account.name}, which cannot reach ${folder}: ` +
        `the folder ${part} is closed to it (mode ${shown}). Choose another folder, or open this one: chmod o+x ${part}`,
    );
  }
}
