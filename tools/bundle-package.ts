import { chmodSync, copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { licencesOf } from './licences.ts';

/**
 * Makes a package of a folder with a bundle in it: `npm pack FOLDER` is what would be published.
 *
 * @param fields of its package.json, such as `name`
 * @param modules the files that the bundle is made of
 */
export function writePackage(
  folder: string,
  fields: Record<string, unknown>,
  modules: readonly string[],
): void {
  const { version, license } = JSON.parse(readFileSync('package.json', 'utf8')) as Record<string, unknown>;
  const files = ['main.mjs', 'THIRD_PARTY_LICENSES'];
  const manifest = { ...fields, version, license, type: 'module', files };
  writeFileSync(path.join(folder, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  writeFileSync(path.join(folder, 'THIRD_PARTY_LICENSES'), licencesOf(modules));
  copyFileSync('LICENSE', path.join(folder, 'LICENSE'));
  chmodSync(path.join(folder, 'main.mjs'), 0o755);
}
