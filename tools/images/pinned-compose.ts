import { execFileSync } from 'node:child_process';
import path from 'node:path';

const prepareFolder = path.resolve(import.meta.dirname, '../prepare');

/** The Compose that `./horde compose` would bring: the same version on each machine. */
export function pinnedCompose(): { folder: string; version: string } {
  const cache = process.env['HORDE_CACHE'] ?? (process.getuid?.() === 0 ? '/var/cache/horde' : undefined);
  if (!cache) throw new Error('HORDE_CACHE is not set: build images with ./horde image.');
  const script = `set -euo pipefail; for part in common compose; do . "$0/$part.sh"; done; pinned_compose; printf '%s\\n' "$compose_folder" "$compose_version"`;
  const [folder = '', version = ''] = execFileSync('bash', ['-c', script, prepareFolder], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, HORDE_CACHE: cache },
  }).split('\n');
  return { folder, version };
}
