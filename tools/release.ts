/**
 * Makes what a channel offers: ./horde release CHANNEL --key FILE builds the images, pushes them and writes the list that
 * names them, signed, and the install scripts beside it; with --from LIST the images are those of another list.
 * ./horde release keys --key FILE KEY... writes the list of keys that count from now on.
 */
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import {
  acceptRelease,
  keyBytes,
  keysNamespace,
  listNamespace,
  readReleaseList,
  writeKeyList,
  writeReleaseList,
  type ReleasedImage,
  type ReleaseList,
} from '@horde/release';
import Docker from 'dockerode';
import { readArguments, refuseArguments } from './arguments.ts';
import { installRoles, installScript, readReleasePlace, type ReleasePlace } from './install/script.ts';
import { sign } from './release/sign.ts';

const { values, positionals } = readArguments('release', {
  allowPositionals: true,
  options: {
    key: { type: 'string' },
    from: { type: 'string' },
    share: { type: 'string', default: '100' },
    days: { type: 'string', default: '30' },
    place: { type: 'string', default: 'envs/release.env' },
    'stand-ins': { type: 'boolean', default: false },
    folder: { type: 'string', default: 'dist/release' },
  },
});
const [channel = '', ...files] = positionals;
const { key } = values;
if (!/^[a-z][a-z0-9-]{0,30}$/.test(channel)) refuseArguments('release', 'Name a channel, such as stable.');
if (key === undefined) refuseArguments('release', 'Name the key that signs it: --key FILE.');
const share = wholeNumber('share', values.share, 100);
const days = wholeNumber('days', values.days, 400);
const lists = path.join(values.folder, 'releases');

try {
  if (channel === 'keys') writeKeys(key);
  else await writeRelease(key);
} catch (error) {
  console.error(`No release was made: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}

async function writeRelease(signingKey: string): Promise<void> {
  if (files.length > 0)
    refuseArguments('release', `What is ${JSON.stringify(files[0])}? A release has one channel.`);
  const place = wholePlace();
  const [releaseKey = '', offlineKey = ''] = place.PUBLIC_KEYS.split(',');
  const before = listIn(path.join(lists, channel));
  const { version, images } = await imagesFor(place, before);
  const now = new Date();
  const list = {
    channel,
    number: nextNumber(now, before),
    expires: new Date(now.getTime() + days * 24 * 3600 * 1000),
    share,
    version,
    images,
  };
  const text = writeReleaseList(list);
  const signature = sign(text, signingKey, listNamespace);
  // What installs would refuse is not written.
  acceptRelease({ text, signature }, { channel, releaseKey, offlineKey }, now);
  write(channel, text, signature);
  for (const role of installRoles) {
    const script = path.join(values.folder, `install_${role}.sh`);
    writeFileSync(script, installScript(role, place));
    chmodSync(script, 0o755);
  }
  console.log(
    `Release ${version} for channel ${channel}, number ${list.number}, for ${share} % of the installs, until ${list.expires.toISOString()}.`,
  );
  console.log(`Next, put what is in ${values.folder} at ${place.SCRIPT_ADDRESS}.`);
}

/** Those that are built now, beside what machines of other architectures have built of the same version; or another list's. */
async function imagesFor(
  place: ReleasePlace,
  before: ReleaseList | null,
): Promise<{ version: string; images: ReleasedImage[] }> {
  if (values.from !== undefined) {
    const from = listIn(values.from);
    if (from === null) throw new Error(`There is no list ${values.from}.`);
    return from;
  }
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
  const shipped = { repositories: `${place.REGISTRY}/${place.REPOSITORY_PREFIX}`, releaseFile: values.place };
  // The bundlers take seconds to load, which most uses have no need of.
  const { publishImages } = await import('./release/publish.ts');
  const { othersWithoutDigest } = await import('./images/runner-parts.ts');
  const docker = new Docker();
  const lacking = values['stand-ins'] ? [] : await othersWithoutDigest(docker);
  if (lacking.length > 0)
    throw new Error(
      `No install could fetch ${lacking.join(' and ')}: no registry knows what is here under that name, if anything is. Make the release where docker pull gets the original, or with --stand-ins for installs that are given the images as a bundle.`,
    );
  const images = await publishImages(docker, shipped, version, (line) => console.error(line));
  const others = before?.version === version ? before.images : [];
  const isNew = ({ name, architecture }: ReleasedImage) =>
    images.some((image) => image.name === name && image.architecture === architecture);
  return { version, images: [...others.filter((image) => !isNew(image)), ...images] };
}

function wholePlace(): ReleasePlace {
  const place = readReleasePlace(values.place);
  const empty = Object.entries(place).flatMap(([name, value]) => (value === '' ? [name] : []));
  if (empty.length > 0)
    throw new Error(`${values.place} does not say yet where releases come from: ${empty.join(', ')}.`);
  if (!/^[^,]+,[^,]+$/.test(place.PUBLIC_KEYS))
    throw new Error(
      `PUBLIC_KEYS in ${values.place} is to have two keys with a comma between them: of releases, and the one that is kept offline.`,
    );
  return place;
}

function listIn(file: string): ReleaseList | null {
  return existsSync(file) ? readReleaseList(readFileSync(file, 'utf8')) : null;
}

/** The moment in seconds, so that it goes up wherever lists are made, and above the one before in any case. */
function nextNumber(now: Date, before: ReleaseList | null): number {
  return Math.max(Math.floor(now.getTime() / 1000), (before?.number ?? 0) + 1);
}

function writeKeys(signingKey: string): void {
  const keys = files.map((file) => readFileSync(file, 'utf8').trim());
  if (keys.length === 0)
    refuseArguments('release', 'Name the files of the public keys that count from now on.');
  const wrong = files.find((_file, at) => keyBytes(keys[at]!) === null);
  if (wrong !== undefined) throw new Error(`${wrong} is no public key of ssh-ed25519.`);
  const text = writeKeyList({ number: nextNumber(new Date(), null), keys });
  write('keys', text, sign(text, signingKey, keysNamespace));
  console.log(
    `From now on ${keys.length === 1 ? 'one key counts' : `${keys.length} keys count`}. Next, put ${lists}/keys and keys.sig beside the lists.`,
  );
}

function write(name: string, text: string, signature: string): void {
  mkdirSync(lists, { recursive: true });
  writeFileSync(path.join(lists, `${name}.sig`), signature);
  writeFileSync(path.join(lists, name), text);
}

function wholeNumber(name: string, text: string, most: number): number {
  if (!/^\d{1,3}$/.test(text) || Number(text) > most)
    refuseArguments('release', `--${name} is a number from 0 to ${most}, not ${JSON.stringify(text)}.`);
  return Number(text);
}
