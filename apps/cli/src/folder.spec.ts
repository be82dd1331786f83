import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { asNobody } from '@horde/testing/as-nobody';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { UsageError } from './usage-error.ts';
import { readInputFolder } from './folder.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'horde-folder-'));
  await chmod(folder, 0o755);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

it('finds regular files at any depth, and counts what it leaves out', async () => {
  await mkdir(path.join(folder, 'a/b'), { recursive: true });
  await writeFile(path.join(folder, 'a/b/c'), '12345');
  await writeFile(path.join(folder, '.hidden'), '1');
  await symlink('a', path.join(folder, 'link'));
  const input = await readInputFolder(folder);
  expect(input.files.map((file) => file.path).toSorted()).toEqual(['.hidden', 'a/b/c']);
  expect(input).toMatchObject({ bytes: 6, leftOut: 1 });
});

it('says which folder or file cannot be read', async () => {
  await mkdir(path.join(folder, 'closed'), { mode: 0o700 });
  const open = asNobody(() => readInputFolder(folder));
  await expect(open).rejects.toThrow(`${folder}/closed cannot be read (EACCES).`);
  await rm(path.join(folder, 'closed'), { recursive: true });
  await writeFile(path.join(folder, 'secret'), '', { mode: 0o600 });
  await expect(asNobody(() => readInputFolder(folder))).rejects.toThrow(
    `${folder}/secret cannot be read (EACCES).`,
  );
});

it('refuses a name that is not UTF-8', async () => {
  await writeFile(Buffer.concat([Buffer.from(`${folder}/`), Buffer.from([0xff])]), '');
  await expect(readInputFolder(folder)).rejects.toThrow('holds a file whose name is not UTF-8');
});

it.each(['', '/nowhere', '/etc/passwd'])('refuses %j with a sentence', async (given) => {
  await expect(readInputFolder(given === '' ? folder : given)).rejects.toThrow(UsageError);
});
