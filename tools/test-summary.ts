import path from 'node:path';

/** What vitest reports of the specs of one project. */
export interface SpecReport {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  success: boolean;
  testResults: {
    name: string;
    status: string;
    /** @unit ms since 1970 */
    startTime: number;
    endTime: number;
    assertionResults: { fullName: string; status: string }[];
  }[];
}

/**
 * The end of a run, as lines: the sum of each part, what failed, what was skipped and why, and last the counts.
 *
 * @param failedChecks what failed beside specs, as it is typed; each counts as a failure
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
      ...describeParts(files, root),
      ...failedChecks.map((check) => `failed: ${check}`),
      ...files.filter(({ status }) => status === 'failed').flatMap((file) => describeFailed(file)),
      ...describeSkipped(files, root),
      `${passed} passed, ${failed} failed, ${skipped} skipped`,
    ],
    failed,
  };
}

type SpecFile = SpecReport['testResults'][number];

/** The specs of each app, library and folder of tests/, those that took longest first: files, specs, and their time. */
function describeParts(files: SpecFile[], root: string): string[] {
  const partOf = ({ name }: SpecFile) => path.relative(root, name).split(path.sep).slice(0, 2).join('/');
  const rows = [...Map.groupBy(files, partOf)]
    .map(([part, ofPart]) => ({
      part,
      files: ofPart.length,
      specs: ofPart.reduce((total, { assertionResults }) => total + assertionResults.length, 0),
      ms: ofPart.reduce((total, { startTime, endTime }) => total + Math.max(0, endTime - startTime), 0),
    }))
    .toSorted((a, b) => b.ms - a.ms);
  const width = Math.max(0, ...rows.map(({ part }) => part.length));
  const column = (value: number, unit: string) => `${String(value).padStart(6)} ${unit}`;
  return rows.map(
    ({ part, files: count, specs, ms }) =>
      `${part.padEnd(width)}${column(count, 'files')}${column(specs, 'specs')}${column(Math.round(ms / 1_000), 's')}`,
  );
}

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
