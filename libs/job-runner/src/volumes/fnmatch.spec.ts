import { describe, expect, it } from 'vitest';
import { allows, fnmatch } from './fnmatch.ts';

describe('a pattern matches as in Python', () => {
  it.each([
    ['config.json', '*.json', true],
    ['a/b/config.json', '*.json', true], // a star crosses slashes
    ['a/b/c', 'a/*c', true],
    ['Config.JSON', '*.json', false],
    ['config.json5', '*.json', false],
    ['', '*', true],
    ['', '', true],
    ['a', '', false],
    ['.hidden', '*', true],
    ['a😀', 'a?', true],
    ['a', 'a?', false],
    ['model-00001-of-3.bin', 'model-*-of-?.bin', true],
    ['a\nb', 'a*b', true],
    ['ab', 'a**b', true],
    ['a.b', 'a.b', true],
    ['axb', 'a.b', false],
    ['x1', 'x[0-9]', true],
    ['xa', 'x[!0-9]', true],
    ['x1', 'x[!0-9]', false],
    ['x^', 'x[^a]', true], // not a negation
    ['xb', 'x[^a]', false],
    ['x]', 'x[]a]', true],
    ['x]', 'x[!]a]', false],
    ['x-', 'x[a-]', true],
    ['x-', 'x[-a]', true],
    ['x-', 'x[a-c-e]', true],
    ['xd', 'x[a-c-e]', false],
    ['xb', 'x[c-a]', false], // an empty range
    ['xb', 'x[!c-a]', true],
    ['x[a', 'x[a', true], // never closed: itself
    ['x[]', 'x[]', true],
    ['x\\', 'x[\\]', true],
    ['x*', 'x[*]', true],
    ['xy', 'x[*]', false],
  ])('%j against %j: %s', (text, pattern, expected) => expect(fnmatch(text, pattern)).toBe(expected));

  it('without taking longer than the two lengths ask for', () => {
    expect(fnmatch('a'.repeat(4_000), `${'*a'.repeat(200)}b`)).toBe(false);
  });
});

describe('allowed files', () => {
  it.each([
    ['any', null, true],
    ['folder/a/b.txt', 'folder/', true],
    ['folder', 'folder/', false],
    ['other/folder/x', 'folder/', false],
    ['b.txt', ['*.md', '*.txt'], true],
    ['b.txt', ['*.md'], false],
    ['b.txt', [], false],
    ['b.txt', '', false],
  ])('%j with %j: %s', (path, patterns, expected) => expect(allows(path, patterns)).toBe(expected));
});
