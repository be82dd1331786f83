import { createWriteStream } from 'node:fs';
import { mkdtemp, open, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { SettingsError, type ServiceSettings } from '@horde/settings';
import { seal } from './encryption.ts';
import { B2Place } from './b2-place.ts';
import { FolderPlace, S3Place, type BackupPlace } from './places.ts';
import { writeBackup } from './write-backup.ts';

export interface Backups {
  service: string;
  url: string;
  /** Whom they are encrypted for. */
  recipients: string[];
  places: BackupPlace[];
  /** How many stay in each place: the newest. */
  kept: number;
}

/** What the settings say of backups; null: none are made. @throws SettingsError where they say half of it */
export function backupsOf(service: string, settings: ServiceSettings): Backups | null {
  const { backupKeys: recipients, backupFolder, backupS3Address, backupB2Bucket } = settings;
  const places: BackupPlace[] = [];
  if (backupFolder !== undefined) places.push(new FolderPlace(backupFolder));
  if (backupS3Address !== undefined) {
    const key = keyOf('S3', settings.backupS3KeyId, settings.backupS3KeySecret);
    places.push(new S3Place({ address: backupS3Address, region: settings.backupS3Region, ...key }));
  }
  // What needs no BACKUP_KEYS at ComputeHorde must not keep a service from starting; each backup fails, which is told.
  const mayLackKeys = places.length === 0;
  if (backupB2Bucket !== undefined)
    places.push(new B2Place(backupB2Bucket, keyOf('B2', settings.backupB2KeyId, settings.backupB2KeySecret)));
  if (places.length === 0) return null;
  if (recipients.length === 0 && !mayLackKeys) throw noRecipients();
  return { service, url: settings.databaseUrl, recipients, places, kept: settings.backupsKept };
}

function keyOf(place: 'S3' | 'B2', keyId: string | undefined, keySecret: string | undefined) {
  if (keyId === undefined || keySecret === undefined)
    throw new SettingsError([
      `BACKUP_${place}_${place === 'S3' ? 'ADDRESS' : 'BUCKET'} is set: BACKUP_${place}_KEY_ID and BACKUP_${place}_KEY_SECRET are needed, too.`,
    ]);
  return { keyId, keySecret };
}

const noRecipients = () =>
  new SettingsError([
    'Backups are encrypted, and BACKUP_KEYS does not say for whom. make_backup_key makes a key.',
  ]);

/**
 * Writes a backup, puts it into every place, and removes those there that are too many.
 *
 * @returns its name and size in bytes
 * @throws Error that names the place where it could not be put; it is in the others
 */
export async function backUp({ service, url, recipients, places, kept }: Backups, now = new Date()) {
  const name = `${service}-${now.toISOString().replaceAll(/[:.]/g, '-')}.age`;
  // Where there is a folder, on its disk: from there it is moved in one step.
  const folder = await mkdtemp(path.join(await roomyFolder(places), `.${service}-backup-`));
  try {
    const file = path.join(folder, name);
    await writeSealed(service, url, recipients, file);
    const { size } = await stat(file);
    const failures: string[] = [];
    for (const place of places.toSorted(
      (a, b) => Number(a instanceof FolderPlace) - Number(b instanceof FolderPlace),
    ))
      await keepIn(place, file, name, kept).catch((error: unknown) =>
        failures.push((error as Error).message),
      );
    if (failures.length > 0) throw new Error(failures.join(' '));
    return { name, size };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * Writes a backup into a file that nobody else reads, and waits until the disk has it.
 *
 * @throws SettingsError where nobody is named to encrypt it for
 */
export async function writeSealed(
  service: string,
  url: string,
  recipients: string[],
  file: string,
): Promise<void> {
  if (recipients.length === 0) throw noRecipients();
  await pipeline(
    await seal(writeBackup(service, url), recipients),
    createWriteStream(file, { mode: 0o600, flags: 'wx' }),
  );
  const written = await open(file, 'r');
  await written.sync().finally(() => written.close());
}

async function keepIn(place: BackupPlace, file: string, name: string, kept: number): Promise<void> {
  await place.keep(file, name);
  const ours = (await place.list(`${nameOf(name)}-`))
    .filter((one) => nameOf(one) === nameOf(name))
    .toSorted();
  for (const old of ours.slice(0, -kept)) await place.remove(old);
}

/** What is ours to remove begins so, and ends as a backup does. */
const nameOf = (file: string): string | null =>
  /^([a-z_]+)-\d{4}-\d\d-\d\dT[\d-]+Z\.age$/.exec(file)?.[1] ?? null;

async function roomyFolder(places: BackupPlace[]): Promise<string> {
  const folder = places.find((place) => place instanceof FolderPlace);
  if (!folder) return tmpdir();
  await folder.prepare();
  return folder.name;
}
