import { describe, expect, it } from 'vitest';
import { manifestOf, manifestText, withManifest, type Manifest } from './index.ts';

const manifest: Manifest = new Map([
  ['spin_up-4min.gpu-24gb', 2],
  ['always_on.gpu-24gb', 3],
]);

describe('a manifest on the chain', () => {
  it('is short, and sorted by its codes', () => {
    expect(manifestText(manifest)).toBe('<M:A3;S2>');
    expect(manifestText(new Map())).toBe('<M:>');
  });

  it('replaces older ones, and leaves the rest of a commitment alone', () => {
    expect(withManifest('', manifest)).toBe('<M:A3;S2>');
    expect(withManifest(' hello<M:A1> world <M:L9>\n', manifest)).toBe('hello world<M:A3;S2>');
  });

  it('is not written where the commitment would be longer than 128 bytes', () => {
    expect(withManifest('é'.repeat(59), manifest)).toHaveLength(59 + 9);
    expect(withManifest('é'.repeat(60), manifest)).toBeNull();
    expect(withManifest(`${'é'.repeat(59)}<M:A1000>`, manifest)).not.toBeNull();
  });

  it('is read back', () => {
    expect(manifestOf(`other data ${manifestText(manifest)}`)).toEqual(new Map([...manifest].toReversed()));
    expect(manifestOf('<M:>')).toEqual(new Map());
  });

  it('is read as far as it can be understood', () => {
    expect(manifestOf('<M: L2 ;A;Z9;S-1;Tx;;C 4><M:A7>')).toEqual(
      new Map([
        ['always_on.llm.a6000', 2],
        ['always_on.cpu.8c.16gb', 4],
      ]),
    );
  });

  it.each(['', 'hello', '<M:A1', 'M:A1>', '<m:A1>'])('is not there in %j', (text) => {
    expect(manifestOf(text)).toBeNull();
  });
});
