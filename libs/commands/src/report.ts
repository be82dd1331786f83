import { reasonOf } from '@horde/network';

/** What a check has come to: it is well; it works, but something should be done; it does not work. */
type Verdict = 'OK' | 'WARN' | 'FAIL';

/** One line of a report. */
export interface Finding {
  /** A word or two for what was looked at. */
  check: string;
  verdict: Verdict;
  /** What was found, as a sentence. */
  says: string;
  /** What to do about it, as a sentence; null where there is nothing to do. */
  fix: string | null;
}

export const ok = (check: string, says: string): Finding => ({ check, verdict: 'OK', says, fix: null });
export const warn = (check: string, says: string, fix: string): Finding => ({
  check,
  verdict: 'WARN',
  says,
  fix,
});
export const fail = (check: string, says: string, fix: string): Finding => ({
  check,
  verdict: 'FAIL',
  says,
  fix,
});

/** Whether nothing failed. */
export const allGood = (findings: Finding[]): boolean => findings.every(({ verdict }) => verdict !== 'FAIL');

/** Holds the name of every check. @unit characters */
const checkWidth = 26;

/** A finding for people: a line, and what to do below it. */
export function reportLines({ check, verdict, says, fix }: Finding): string {
  const line = `${verdict.padEnd(4)}  ${check.padEnd(checkWidth)}  ${says}`;
  return fix === null ? line : `${line}\n${' '.repeat(checkWidth + 8)}-> ${fix}`;
}

/** How many findings there are of each kind, for people. */
export function reportSum(findings: Finding[]): string {
  const count = (verdict: Verdict) => findings.filter((finding) => finding.verdict === verdict).length;
  return `${count('OK')} OK, ${count('WARN')} WARN, ${count('FAIL')} FAIL`;
}

/** The findings for programs: one line of JSON, `{"ok": …, "checks": [{"check", "verdict", "says", "fix"}]}`. */
export const reportJson = (findings: Finding[]): string =>
  JSON.stringify({ ok: allGood(findings), checks: findings });

/** What an error says, for the end of a sentence: with what is behind it, and without an end of its own. */
export function fullReasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { message, cause } = error;
  const { code, errors } = error as { code?: unknown; errors?: unknown };
  const own = message || (typeof code === 'string' ? code : error.name);
  const inner = cause ?? (Array.isArray(errors) && errors.length > 0 ? error : undefined);
  return (inner instanceof Error ? `${own}: ${reasonOf(inner)}` : own).replace(/\.$/, '');
}
