import { describe, expect, it } from 'vitest';
import { because } from '@horde/testing/missing';
import { testSummary, type SpecReport } from '../../tools/test-summary.ts';

const report = (tests: Record<string, string>): SpecReport => {
  const results = Object.entries(tests).map(([fullName, status]) => ({ fullName, status }));
  const count = (wanted: string) => results.filter(({ status }) => status === wanted).length;
  const success = count('failed') === 0;
  return {
    numPassedTests: count('passed'),
    numFailedTests: count('failed'),
    numPendingTests: count('skipped'),
    success,
    testResults: [
      {
        name: '/repository/apps/a/src/a.spec.ts',
        status: success ? 'passed' : 'failed',
        startTime: 1_000,
        endTime: 3_400,
        assertionResults: results,
      },
    ],
  };
};

describe('the end of ./horde test', () => {
  it('has the sum of each part, what failed, the checks among it, and what was skipped with its reason; the counts come last', () => {
    const reports = [
      report({
        'adds up': 'passed',
        'takes away': 'failed',
        [`over IPv6${because('this machine has no IPv6 (none at all)')} is reached`]: 'skipped',
        [`over IPv6${because('this machine has no IPv6 (none at all)')} answers`]: 'skipped',
      }),
    ];
    expect(testSummary(reports, ['./horde check lint'], '/repository')).toEqual({
      failed: 2,
      lines: [
        'apps/a     1 files     4 specs     2 s',
        'failed: ./horde check lint',
        'failed: /repository/apps/a/src/a.spec.ts',
        '  takes away',
        'skipped: 2, because this machine has no IPv6 (none at all)',
        '  apps/a/src/a.spec.ts',
        '1 passed, 2 failed, 2 skipped',
      ],
    });
  });

  it('counts a file that could not be run as a failure', () => {
    const broken = { ...report({}), success: false };
    broken.testResults[0]!.status = 'failed';
    expect(testSummary([broken], [], '/repository').lines).toEqual([
      'apps/a     1 files     0 specs     2 s',
      'failed: /repository/apps/a/src/a.spec.ts',
      '  the file itself (failed)',
      '0 passed, 1 failed, 0 skipped',
    ]);
  });
});
