import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** The folders of the packages from the registry that modules of a bundle are from. */
export const packageFolders = (modules: readonly string[]): string[] => {
  const folders = modules.flatMap((id) => /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(id)?.[0] ?? []);
  return [...new Set(folders)].filter((folder) => !folder.includes('/@horde/'));
};

/** The licences of the packages that modules of a bundle are from, one after another. */
export function licencesOf(modules: readonly string[]): string {
  const texts = packageFolders(modules).map((folder) => {
    const { name, version, license } = JSON.parse(
      readFileSync(path.join(folder, 'package.json'), 'utf8'),
    ) as Record<string, string>;
    const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
    const text = file ? readFileSync(path.join(folder, file), 'utf8').trim() : '';
    return `${name} ${version} (${license})\n\n${text}`;
  });
  return `${texts.sort().join(`\n\n${'-'.repeat(80)}\n\n`)}\n`;
}
