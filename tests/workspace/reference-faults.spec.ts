import { describe, expect, it } from 'vitest';
import { findTests } from '../../tools/reference-faults/find-tests.ts';
import { problemOf } from '../../tools/reference-faults/problem-of.ts';

const spec = 'tests/workspace/reference-faults.spec.ts';
const problem = (test: string, file = spec) => problemOf({ fault: 'It is there.', spec: file, test });

describe('a test that is said to keep a fault away', () => {
  it('has to be there', () => {
    expect(problem('has to be there')).toBeNull();
    expect(problem('a test that is said to keep a fault away > has to be there')).toBeNull();
    expect(problem('has to be somewhere')).toBe(`${spec} has no test "has to be somewhere".`);
    expect(problem('to be there')).toBe(`${spec} has no test "to be there".`);
    expect(problem('has to be there', 'tests/gone.spec.ts')).toBe('There is no tests/gone.spec.ts.');
  });

  it.each(['one'])('of a table, as %s, is found by the name in the table', () => {
    expect(problem('of a table, as %s, is found by the name in the table')).toBeNull();
  });

  it('is found however it is written, and is to be run', () => {
    const text = [
      'describe("a", () => {',
      "  it('b', () => {});",
      '  it.skipIf(away)(`c ${d}`, () => {});',
      '});',
      "// it('e', () => {});",
      "describe.skip('f', () => void it.each([1])('g', () => {}));",
      "it.todo('h');",
    ].join('\n');
    expect(findTests(text)).toEqual([
      { name: 'a > b', isSkipped: false },
      { name: 'a > c ${d}', isSkipped: false },
      { name: 'f > g', isSkipped: true },
      { name: 'h', isSkipped: true },
    ]);
  });
});
