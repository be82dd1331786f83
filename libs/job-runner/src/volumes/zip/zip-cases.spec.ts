import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { because } from '@horde/testing/missing';
import { missingPython, python } from '../../testing/python.ts';
import { failing, fill, inline } from '../../testing/volumes.ts';
import { zipCases } from '../../testing/zip-cases.ts';

describe('an archive with', () => {
  it.each(zipCases)('$what', async ({ archive, gives }) => {
    const { folder, done } = await fill(inline(archive));
    if (gives instanceof RegExp) return expect(done).rejects.toEqual(failing(expect.any(String), gives));
    await done;
    expect(treeOf(folder)).toEqual(gives);
  });
});

/** Unpacks each archive of a JSON list on standard input, and prints what came of it. */
const zipfileOf = `
import base64, io, json, os, sys, tempfile, zipfile

def unpack(archive):
    with tempfile.TemporaryDirectory() as folder:
        try:
            zipfile.ZipFile(io.BytesIO(archive)).extractall(folder)
        except Exception as error:
            return repr(error)
        tree = {}
        for parent, folders, files in os.walk(folder):
            inside = lambda name: os.path.relpath(os.path.join(parent, name), folder)
            tree.update((inside(name), None) for name in folders)
            tree.update((inside(name), open(os.path.join(parent, name)).read()) for name in files)
        return tree

print(json.dumps([unpack(base64.b64decode(archive)) for archive in json.load(sys.stdin)]))
`;

describe.skipIf(missingPython !== null)(`Python's zipfile${because(missingPython)} gives the same of`, () => {
  const same = zipCases.filter(({ unlikePython }) => !unlikePython);
  type Result = string | Record<string, string | null>;
  const results = once(
    () =>
      python(
        zipfileOf,
        same.map(({ archive }) => archive.toString('base64')),
      ) as Result[],
  );

  it.each(same.map(({ what, gives }, index) => ({ what, gives, index })))('$what', ({ gives, index }) => {
    const result = results()[index];
    expect(result).toEqual(gives instanceof RegExp ? expect.any(String) : gives);
  });
});

function treeOf(folder: string): Record<string, string | null> {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return Object.fromEntries(
    names.map((name) => {
      const stat = lstatSync(path.join(folder, name));
      if (!stat.isFile() && !stat.isDirectory()) throw new Error(`${name} is neither a file nor a folder`);
      return [name, stat.isFile() ? readFileSync(path.join(folder, name), 'utf8') : null];
    }),
  );
}

function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}
