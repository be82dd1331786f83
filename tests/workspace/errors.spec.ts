import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { errorRows, factNames } from '@horde/protocol';
import { root } from '@horde/testing/horde';
import { describe, expect, it } from 'vitest';

const rows: Record<string, { says: string; facts?: readonly string[] }> = errorRows;
const codes = Object.keys(rows).sort();

/** The codes of all errors that the sources of apps and libraries make. */
function made(): string[] {
  const isSource = (file: string) => !/\/(dist|testing|node_modules)\/|\.spec\.ts$/.test(file);
  const files = globSync('{apps,libs}/*/src/**/*.ts', { cwd: root }).filter(isSource);
  const calls = files.flatMap((file) =>
    [
      ...readFileSync(path.join(root, file), 'utf8').matchAll(
        /\b(?:(?:errors|failures)\s*\.([A-Z][A-Z_]+)\(|[cC]lientError\(\s*'([A-Z][A-Z_]+)')/g,
      ),
    ].map(([, code, ofClient]) => code ?? ofClient!),
  );
  return [...new Set(calls)].sort();
}

/** The codes that a reader of the documents finds. */
const documented = () =>
  [...readFileSync(path.join(root, 'docs/errors.md'), 'utf8').matchAll(/^\| `([A-Z_]+)` \|/gm)]
    .map(([, code]) => code!)
    .sort();

describe('the catalogue of errors', () => {
  it('is documented, every code of it and no other', () => expect(documented()).toEqual(codes));

  it('holds every error that is made, and none that is not', () => expect(made()).toEqual(codes));

  it.each(codes)('names in the sentence of %s the facts that it takes', (code) => {
    const { says, facts = [] } = rows[code]!;
    expect(factNames(says).sort()).toEqual([...facts].sort());
  });
});
