import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import packageJson from '../../package.json' with { type: 'json' };

/** What `--version` prints. @param checkout the folder of the checkout that it is run from; null: it is the package */
export function versionText(checkout: string | null): string {
  const commit = checkout === null ? null : commitOf(checkout);
  return `horde ${packageJson.version}${commit === null ? '' : ` (${commit})`}`;
}

/** null: there is no git, or the folder is no checkout of its own, as an unpacked archive. */
function commitOf(checkout: string): string | null {
  if (!existsSync(path.join(checkout, '.git'))) return null;
  const git = (...words: string[]) =>
    execFileSync('git', ['-C', checkout, ...words], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  try {
    const changed = git('status', '--porcelain', '--untracked-files=no') !== '';
    return `${git('rev-parse', '--short=10', 'HEAD')}${changed ? ', changed since' : ''}`;
  } catch {
    return null;
  }
}
