import path from 'node:path';
import {
  folderVolume,
  httpUpload,
  httpVolume,
  huggingfaceVolume,
  zipUrlVolume,
  type InputVolume,
  type OutputVolume,
} from '@horde/sdk';
import { UsageError } from '../usage-error.ts';

/** The most of local volumes, as they travel inside a request: a facilitator reads 2.6 MB in all. @unit bytes */
const largestInline = 2_500_000;

/** Where a volume comes from, and the path below /volume at which the job finds it. */
export interface Mount {
  source: string;
  target: string;
}

/** Reads `SOURCE[:DIR]`. The source may have colons of its own: a URL has. @throws UsageError */
export function readMount(text: string): Mount {
  const [, source = text, target = '/volume'] = /^(.+?):(\/volume(?:\/[^:]*)?)$/.exec(text) ?? [];
  if (target === '/volume' && /:\/(?!\/)[^:]*$/.test(text) && !text.endsWith(':/volume'))
    throw new UsageError(`--volume ${text}: what comes behind the colon is /volume or a path below it.`);
  return { source, target: target.replace(/\/+$/, '') };
}

/** Reads `PATH=URL`: what a job leaves below /output, and where it is sent. @throws UsageError */
export function readUpload(text: string): { path: string; url: string } {
  const at = text.indexOf('=');
  const url = text.slice(at + 1);
  if (at < 1 || !isUrl(url))
    throw new UsageError(`--upload ${text}: it is a path below /output, "=", and a URL.`);
  return { path: below('/output', text.slice(0, at)), url };
}

const isUrl = (text: string): boolean => /^https?:\/\//.test(text) && URL.canParse(text);

const below = (root: string, given: string): string =>
  given.startsWith(`${root}/`) ? given : `${root}/${given.replace(/^\/+/, '')}`;

/** The volumes of a job, by their paths. Local folders and files travel inside the request. @throws UsageError, HordeClientError */
export async function volumesOf(mounts: Mount[]): Promise<Map<string, InputVolume>> {
  const volumes = new Map<string, InputVolume>();
  for (const { source, target } of mounts) {
    const [at, volume] = await volumeOf(source, target);
    if (volumes.has(at))
      throw new UsageError(`Two volumes are to be at ${at}: name other paths behind a colon.`);
    volumes.set(at, volume);
  }
  const inline = [...volumes.values()].reduce((sum, volume) => sum + inlineSize(volume), 0);
  if (inline > largestInline) {
    throw new UsageError(
      `The local volumes have ${kilobytes(inline)} as they travel inside a request, packed and as text; ${kilobytes(largestInline)} is the most. Put them on a web server as a ZIP archive, or into a repository of Hugging Face, and name that: --volume https://HOST/NAME.zip or --volume hf://OWNER/NAME.`,
    );
  }
  return volumes;
}

const kilobytes = (bytes: number): string => `${Math.ceil(bytes / 1000).toLocaleString('en')} kB`;

async function volumeOf(source: string, target: string): Promise<[string, InputVolume]> {
  if (source.startsWith('hf://')) {
    const [repository = '', revision] = source.slice('hf://'.length).split('@');
    return [`${target}/`, huggingfaceVolume(repository, revision ? { revision } : {})];
  }
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(source)) {
    if (!isUrl(source))
      throw new UsageError(`--volume ${source}: it begins with https://, http:// or hf://.`);
    const name = path.posix.basename(new URL(source).pathname);
    if (name.endsWith('.zip')) return [`${target}/`, zipUrlVolume(source)];
    return [target === '/volume' ? `/volume/${name || 'file'}` : target, httpVolume(source)];
  }
  return [`${target}/`, await folderVolume(source)];
}

const inlineSize = (volume: InputVolume): number =>
  volume.volume_type === 'inline' ? volume.contents.length : 0;

export const uploadsOf = (uploads: { path: string; url: string }[]): Map<string, OutputVolume> =>
  new Map(uploads.map(({ path, url }) => [path, httpUpload(url)]));
