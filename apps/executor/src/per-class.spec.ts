import { env, loadSettings } from '@horde/settings';
import { describe, expect, it } from 'vitest';
import { count, flag, IsPerClass, type Kind, memory, processors, size, valueFor, word } from './per-class.ts';

class Example {
  @env('JOB_SIZE') @IsPerClass(size) jobSize: string | null = null;
}

const read = <T>(kind: Kind<T>, text: string) => valueFor(text, kind, 'always_on.test');

describe('a value of a setting', () => {
  it.each<[Kind<unknown>, string, unknown]>([
    [size, '1073741824', 2 ** 30],
    [size, '8g', 8 * 2 ** 30],
    [size, '512M', 512 * 2 ** 20],
    [size, '1.5k', 1536],
    [size, '2GiB', 2 * 2 ** 30],
    [size, '1tb', 2 ** 40],
    [memory, '6m', 6 * 2 ** 20],
    [processors, '1.5', 1.5],
    [processors, '0.01', 0.01],
    [count, '4096', 4096],
    [flag, 'yes', true],
    [flag, '0', false],
    [word, 'sysbox-runc', 'sysbox-runc'],
  ])('%o reads %s as %s', (kind, text, value) => expect(read(kind, text)).toBe(value));

  it.each<[Kind<unknown>, string]>([
    [size, '0'],
    [size, '-1'],
    [size, '8 g'],
    [size, '8x'],
    [size, '1e9'],
    [size, '99999999t'],
    [memory, '5m'],
    [memory, 'much'],
    [processors, '0'],
    [processors, '0.001'],
    [processors, 'all'],
    [count, '1.5'],
    [flag, 'perhaps'],
    [word, 'a b'],
  ])('%o refuses %s', (kind, text) => expect(() => read(kind, text)).toThrow('it must be'));
});

describe('a setting for executor classes', () => {
  it('is the same for all where it is one value', () => {
    expect(valueFor('8g', size, 'always_on.test')).toBe(8 * 2 ** 30);
    expect(valueFor('8g', size, 'always_on.llm.a6000')).toBe(8 * 2 ** 30);
  });

  it('differs by class, and * stands for the others', () => {
    const text = 'always_on.llm.a6000=64g, always_on.test = 1g ,*=8g';
    expect(valueFor(text, size, 'always_on.llm.a6000')).toBe(64 * 2 ** 30);
    expect(valueFor(text, size, 'always_on.test')).toBe(2 ** 30);
    expect(valueFor(text, size, 'always_on.gpu-24gb')).toBe(8 * 2 ** 30);
  });

  it('leaves the default to classes that nothing names', () => {
    expect(valueFor('always_on.test=1g', size, 'always_on.gpu-24gb')).toBeUndefined();
    expect(valueFor(null, size, 'always_on.gpu-24gb')).toBeUndefined();
  });

  it.each([
    ['many', 'JOB_SIZE is "many": it must be a size above 0'],
    [
      'always_on.test=many',
      'it must be a size above 0 in bytes such as 1073741824, 512m or 8g for always_on.test',
    ],
    ['test=1g', 'it must name an executor class or * before each "=", and "test" is neither'],
    ['*=1g,2g', 'before each "=", and "2g" is neither'],
    ['*=1g,*=2g', 'it must name * only once'],
  ])('%s is refused at the start with a sentence', (text, sentence) => {
    expect(() => loadSettings(Example, { JOB_SIZE: text })).toThrow(sentence);
  });
});
