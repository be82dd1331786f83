import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { because } from '@horde/testing/missing';
import { missingPython, python } from '../../testing/python.ts';
import { rawZip } from '../../testing/raw-zip.ts';
import { Budget } from '../budget.ts';
import { VolumeWriter } from '../volume-writer.ts';
import { extractZip } from './extract-zip.ts';

const contents = {
  nothing: '""',
  'one byte': '"x"',
  words: '"".join(f"{i * i} and some words\\n" for i in range(30_000))',
  'bytes by chance': '"".join(chr(random.randrange(256)) for _ in range(300_000))',
  zeros: '"\\0" * 1_000_000',
  'runs of every length': '"".join(chr(i % 256) * i for i in range(1_500))',
  'words between far repetitions':
    '(chunk := "".join(chr(random.randrange(256)) for _ in range(70_000))) + "between" * 9_000 + chunk',
};
const lzma = (options: string) => `zip_lzma(data, {"id": lzma.FILTER_LZMA1, ${options}})`;
const packings = [
  [12, 'bz2.compress(data, 1)'],
  [12, 'bz2.compress(data, 9)'],
  [14, lzma('"preset": 0')],
  [14, lzma('"preset": 9')],
  [14, lzma('"preset": 6, "dict_size": 4096')],
  [14, lzma('"preset": 6, "lc": 0, "lp": 4, "pb": 4')],
  [14, lzma('"preset": 6, "lc": 4, "lp": 0, "pb": 0')],
] as const;

const program = `
import base64, bz2, json, lzma, random, sys

random.seed(1)
contents, packings = json.load(sys.stdin)

def zip_lzma(data, options):
    properties = lzma._encode_filter_properties(options)
    return bytes([9, 4, 5, 0]) + properties + lzma.compress(data, lzma.FORMAT_RAW, filters=[options])

def forms_of(expression):
    data = eval(expression).encode("latin-1")
    names = {**globals(), "data": data}
    return [base64.b64encode(form).decode() for form in [data] + [eval(packing, names) for packing in packings]]

print(json.dumps([forms_of(expression) for expression in contents]))
`;

describe.skipIf(missingPython !== null)(`from a file, as Python packs it${because(missingPython)}`, () => {
  const forms: Buffer[][] = [];
  beforeAll(() => {
    const input = [Object.values(contents), packings.map(([, packing]) => packing)];
    const rows = python(program, input) as string[][];
    forms.push(...rows.map((row) => row.map((form) => Buffer.from(form, 'base64'))));
  });

  const cases = Object.keys(contents).flatMap((what, row) =>
    packings.map(([method, packing], column) => ({ what, row, method, packing, column })),
  );

  it.each(cases)('unpacks $what by $packing', async ({ row, method, column }) => {
    const plain = forms[row]![0]!;
    const folder = mkdtempSync(path.join(tmpdir(), 'horde-decoders-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const archive = path.join(folder, 'archive.zip');
    writeFileSync(
      archive,
      rawZip([{ name: 'a', contents: plain, packed: forms[row]![column + 1]!, method }]),
    );
    const file = await open(archive);
    const budget = new Budget('It', { maxBytes: 0, maxEntries: 9, maxRatio: 1, freeBytes: 1e7 });
    const signal = new AbortController().signal;
    await extractZip(file, new VolumeWriter(folder), [], budget, signal).finally(() => file.close());
    expect(readFileSync(path.join(folder, 'a')).equals(plain)).toBe(true);
  });
});
