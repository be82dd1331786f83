/** What a channel offers: a list that is signed, and names every image by its digest. */
export interface ReleaseList {
  channel: string;
  /** Never goes down in a channel: a list with a smaller one is an old one, whoever hands it out. */
  number: number;
  expires: Date;
  /** Of all installs, in percent: which take part follows from their hotkeys. */
  share: number;
  /** As `--version` of the services says. */
  version: string;
  images: ReleasedImage[];
}

export interface ReleasedImage {
  /** `miner-runner`, `validator-runner`, … */
  name: string;
  /** As Docker names it: `amd64`, `arm64`. */
  architecture: string;
  /** What a registry knows it by: `sha256:…`. */
  digest: string;
  /** What an engine knows it by, wherever it came from: `sha256:…`. */
  id: string;
}

/** The keys that lists may be signed with from now on, signed itself by the key that is kept offline. */
export interface KeyList {
  number: number;
  keys: string[];
}

/** What lists and key lists are signed as, with `ssh-keygen -Y sign -n`. */
export const listNamespace = 'horde-release';
export const keysNamespace = 'horde-keys';

/** It is none, or one that this version does not understand. */
export class UnreadableList extends Error {}

export function readReleaseList(text: string): ReleaseList {
  const facts = readFacts(text, listNamespace, ['channel', 'number', 'expires', 'share', 'version', 'image']);
  const images = facts.all('image').map((words) => {
    const [name = '', architecture = '', digest = '', id = ''] = words.split(' ');
    if (!isName(name) || !isName(architecture) || !isDigest(digest) || !isDigest(id))
      throw new UnreadableList(`"image ${words}" names no image with its digests.`);
    return { name, architecture, digest, id };
  });
  const places = images.map(({ name, architecture }) => `${name} ${architecture}`);
  if (new Set(places).size < places.length) throw new UnreadableList('It names an image twice.');
  return {
    channel: facts.one('channel', isName),
    number: Number(facts.one('number', isNumber)),
    expires: new Date(facts.one('expires', isMoment)),
    share: Number(facts.one('share', (value) => isNumber(value) && Number(value) <= 100)),
    version: facts.one('version', (value) => /^[\w.+-]{1,64}$/.test(value)),
    images,
  };
}

export const writeReleaseList = (list: ReleaseList): string =>
  writeFacts(listNamespace, [
    ['channel', list.channel],
    ['number', String(list.number)],
    ['expires', list.expires.toISOString().replace(/\.\d+/, '')],
    ['share', String(list.share)],
    ['version', list.version],
    ...list.images.map(({ name, architecture, digest, id }) => [
      'image',
      [name, architecture, digest, id].join(' '),
    ]),
  ]);

export function readKeyList(text: string): KeyList {
  const facts = readFacts(text, keysNamespace, ['number', 'key']);
  return { number: Number(facts.one('number', isNumber)), keys: facts.all('key') };
}

export const writeKeyList = ({ number, keys }: KeyList): string =>
  writeFacts(keysNamespace, [['number', String(number)], ...keys.map((key) => ['key', key])]);

const writeFacts = (kind: string, facts: string[][]): string =>
  [[kind, '1'], ...facts].map((words) => `${words.join(' ')}\n`).join('');

const largest = 64 * 1024;

/** A fact a line: its name, a space, its value. One that is unknown is for newer versions to act on. */
function readFacts(text: string, kind: string, known: string[]) {
  const [first, ...lines] = text.length > largest ? [] : text.split('\n');
  if (first !== `${kind} 1` || lines.pop() !== '')
    throw new UnreadableList(`It is no text of the kind "${kind} 1".`);
  const facts = lines.map((line) => {
    const at = line.indexOf(' ');
    const [name, value] = [line.slice(0, Math.max(at, 0)), line.slice(at + 1)];
    if (!known.includes(name))
      throw new UnreadableList(
        `It says ${JSON.stringify(line.slice(0, 80))}, which this version does not know.`,
      );
    return { name, value };
  });
  const all = (name: string) => facts.filter((fact) => fact.name === name).map(({ value }) => value);
  const one = (name: string, isRight: (value: string) => boolean) => {
    const [value, ...more] = all(name);
    if (value === undefined || more.length > 0 || !isRight(value))
      throw new UnreadableList(`It does not say once and rightly what its ${name} is.`);
    return value;
  };
  return { all, one };
}

const isName = (value: string): boolean => /^[a-z0-9][a-z0-9-]{0,63}$/.test(value);
const isDigest = (value: string): boolean => /^sha256:[0-9a-f]{64}$/.test(value);
const isNumber = (value: string): boolean => /^(?:0|[1-9]\d{0,9})$/.test(value);
const isMoment = (value: string): boolean =>
  /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(value) && !Number.isNaN(Date.parse(value));
