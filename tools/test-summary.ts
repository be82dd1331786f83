import path from 'node:path';

/** What vitest reports of the specs of one project. */
export interface SpecReport {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  success: boolean;
  testResults: { name: string; status: string; assertionResults: { fullName: string; status: string }[] }[];
}

/**
 * The end of a run, as lines: what failed, what was skipped and why, and last the counts.
 *
 * @param failedChecks names of checks; each counts as a failure
 */
export function testSummary(
  reports: SpecReport[],
  failedChecks: string[],
  root: string,
): { lines: string[]; failed: number } {
  const files = reports.flatMap(({ testResults }) => testResults);
  const sum = (count: (report: SpecReport) => number) =>
    reports.reduce((total, report) => total + count(report), 0);
  const broken = reports.filter(({ success, numFailedTests }) => !success && numFailedTests === 0).length;
  const failed = sum((report) => report.numFailedTests) + broken + failedChecks.length;
  const passed = sum((report) => report.numPassedTests);
  const skipped = sum((report) => report.numPendingTests);
  return {
    lines: [
      ...failedChecks.map((check) => `failed: ./horde check ${check}`),
      ...files.filter(({ status }) => status === 'failed').flatMap((file) => describeFailed(file)),
      ...describeSkipped(files, root),
      `${passed} passed, ${failed} failed, ${skipped} skipped`,
    ],
    failed,
  };
}

type SpecFile = SpecReport['testResults'][number];

function describeFailed({ name, status, assertionResults }: SpecFile): string[] {
  const tests = assertionResults.filter((test) => test.status === 'failed');
  const what = tests.length > 0 ? tests.map(({ fullName }) => fullName) : [`the file itself (${status})`];
  return [`failed: ${name}`, ...what.map((test) => `  ${test}`)];
}

/** By reason, which stands in a skipped spec's name. */
function describeSkipped(files: SpecFile[], root: string): string[] {
  const skipped = files.flatMap(({ name, assertionResults }) =>
    assertionResults
      .filter(({ status }) => status === 'skipped' || status === 'pending')
      .map(({ fullName }) => ({
        file: path.relative(root, name),
        reason:
          /\[skipped: ([^\]]*)\]/.exec(fullName)?.[1] ??
          'of the user or the case: the spec says where it applies',
      })),
  );
  return [...Map.groupBy(skipped, ({ reason }) => reason)].flatMap(([reason, specs]) => [
    `skipped: ${specs.length}, because ${reason}`,
    ...[...new Set(specs.map(({ file }) => file))].map((file) => `  ${file}`),
  ]);
}
