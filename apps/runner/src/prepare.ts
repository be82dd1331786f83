import { randomBytes } from 'node:crypto';
import {
  accessSync,
  constants,
  createReadStream,
  createWriteStream,
  existsSync,
  lchownSync,
  readdirSync,
  statSync,
} from 'node:fs';
import { chown, readFile, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { walletHotkeyPath } from '@horde/identity';
import { clustersThere, type Clusters } from './postgres/clusters.ts';
import { StateFile, writeWhole, type ReleaseState } from './update/release-state.ts';

/** What is made at the first start, and stays. */
interface Secrets {
  /** Of Postgres' own account, and of the service's. */
  postgres: string;
  database: string;
  pylon: string;
  secretKey: string;
}

/** What a container that sees the volumes and the wallets says to the runner, which does not. */
export interface Prepared {
  secrets: Secrets;
  /** Whom the service runs as: the owner of its hotkey, UID:GID. */
  owner: string;
  /** The hotkey's address; null: its file does not tell. */
  hotkey: string | null;
  /** Whether what ComputeHorde's own service has stored was taken over. */
  takenOver: boolean;
  /** What is remembered of releases. */
  release: ReleaseState;
  clusters: Clusters;
}

/** As the images know the user of a service that has no wallet. */
const usualOwner = { uid: 1000, gid: 1000 };
const takenOverFile = '/runner/taken-over';
const wallets = '/root/.bittensor/wallets';
const receipts = '/receipts';
/** What Node has compiled of the service. */
const compiled = '/compiled';

/**
 * Makes the secrets that are not there yet, gives the receipts' folder to whom the service runs as, and looks whether that
 * one can read the hotkey.
 *
 * @param names of the wallet and its hotkey, and whether it has to be there; null: the service has none
 * @returns what the runner has to know, or what is wrong with the wallet, a sentence
 */
export async function prepare(names: HotkeyNames | null): Promise<Prepared | { wrong: string }> {
  const secrets = await keptSecrets('/runner/secrets.json');
  const { uid, gid, hotkey } = names === null ? { ...usualOwner, hotkey: null } : await ownerOf(names);
  if (hotkey !== null && 'wrong' in hotkey) return hotkey;
  for (const folder of [receipts, compiled]) giveTo(folder, uid, gid);
  const takenOver = existsSync(takenOverFile);
  const release = await new StateFile().read();
  const clusters = await clustersThere();
  return { secrets, owner: `${uid}:${gid}`, hotkey: hotkey?.address ?? null, takenOver, release, clusters };
}

/** Notes that it was taken over, for `Prepared`. */
export const noteTakeOver = (): Promise<void> => writeFile(takenOverFile, new Date().toISOString());

/** Has it taken over again. */
export const forgetTakeOver = (): Promise<void> => rm(takenOverFile, { force: true });

/** Leaves a note where the service finds it, for whoever it tells; an empty one: there is nothing. */
export async function leaveNote(note: string, file = '/notes/note'): Promise<void> {
  await writeFile(file, note, { mode: 0o644 });
}

/**
 * Lets the service write into the volume of backups.
 *
 * @param owner whom it runs as, UID:GID
 * @returns whom backups there are encrypted for, when there is a key beside them; a part of one, of a run that was killed, is
 * removed
 */
export async function giveBackups(owner: string, folder = '/backups'): Promise<string> {
  const [uid = 0, gid = 0] = owner.split(':').map(Number);
  giveTo(folder, uid, gid);
  const file = path.join(folder, 'key');
  const key = await readFile(file, 'utf8').catch(() => '');
  const recipient = /^# public key: (age1\S+)\nAGE-SECRET-KEY-1\S+\n/.exec(key)?.[1] ?? '';
  if (recipient === '') await rm(file, { force: true });
  return recipient;
}

/** Writes a file of the volume of backups to standard output. */
export const giveOut = (file: string, folder = '/backups'): Promise<void> =>
  pipeline(createReadStream(path.join(folder, path.basename(file))), process.stdout, { end: false });

/** Reads a file of the volume of backups from standard input. @param owner who may read it, UID:GID */
export async function take(file: string, owner: string, folder = '/backups'): Promise<void> {
  const [uid = 0, gid = 0] = owner.split(':').map(Number);
  const name = path.join(folder, path.basename(file));
  await pipeline(process.stdin, createWriteStream(name, { mode: 0o600 }));
  await chown(name, uid, gid);
}

async function keptSecrets(file: string): Promise<Secrets> {
  const known = await readFile(file, 'utf8').catch(() => '{}');
  const make = () => randomBytes(24).toString('base64url');
  const secrets = {
    postgres: make(),
    database: make(),
    pylon: make(),
    secretKey: make(),
    ...(JSON.parse(known) as Partial<Secrets>),
  };
  await writeWhole(file, JSON.stringify(secrets));
  return secrets;
}

interface HotkeyNames {
  wallet: string;
  hotkey: string;
  isNeeded: boolean;
}

type Hotkey = { address: string | null } | { wrong: string };

async function ownerOf({
  wallet,
  hotkey,
  isNeeded,
}: HotkeyNames): Promise<{ uid: number; gid: number; hotkey: Hotkey | null }> {
  const file = walletHotkeyPath({ directory: wallets, wallet, hotkey });
  const shown = `${wallet}/hotkeys/${hotkey} in HOST_WALLET_DIR`;
  const found = await stat(file).catch(() => null);
  if (!found && !isNeeded) return { ...usualOwner, hotkey: null };
  if (!found?.isFile())
    return {
      ...usualOwner,
      hotkey: {
        wrong: `There is no hotkey ${shown}: look at BITTENSOR_WALLET_NAME and BITTENSOR_WALLET_HOTKEY_NAME.`,
      },
    };
  const { uid, gid } = found;
  // This container may look into all folders, the service may not.
  const closed = [wallets, path.join(wallets, wallet), path.join(wallets, wallet, 'hotkeys'), file].find(
    (place) => !mayRead(statSync(place), uid, gid),
  );
  if (closed !== undefined)
    return {
      uid,
      gid,
      hotkey: {
        wrong: `The hotkey ${shown} is ${uid}'s, who may not read ${path.relative(path.dirname(wallets), closed)}: give all of the wallet to one user, with chown -R.`,
      },
    };
  return { uid, gid, hotkey: { address: addressIn(await readFile(file, 'utf8')) } };
}

function mayRead(place: ReturnType<typeof statSync> & object, uid: number, gid: number): boolean {
  const [read, enter] = [constants.R_OK, place.isDirectory() ? constants.X_OK : 0];
  const shift = Number(place.uid) === uid ? 6 : Number(place.gid) === gid ? 3 : 0;
  const bits = (Number(place.mode) >> shift) & 7;
  return place.isDirectory() ? (bits & enter) !== 0 : (bits & read) !== 0;
}

/** An encrypted hotkey does not tell its address. */
function addressIn(hotkey: string): string | null {
  try {
    return (JSON.parse(hotkey) as { ss58Address?: string }).ss58Address ?? null;
  } catch {
    return null;
  }
}

function giveTo(folder: string, uid: number, gid: number): void {
  try {
    accessSync(folder);
  } catch {
    return; // the service has none
  }
  if (statSync(folder).uid !== uid)
    for (const entry of readdirSync(folder, { recursive: true }))
      lchownSync(path.join(folder, String(entry)), uid, gid);
  lchownSync(folder, uid, gid);
}
