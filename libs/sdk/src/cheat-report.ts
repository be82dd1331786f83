import { cheatReportPayloads, toJsonValue, writeCompact } from '@horde/protocol';

interface CheatReport {
  job_uuid: string;
  trusted_job_uuid: string;
  details: Readonly<Record<string, unknown>>;
}

/**
 * The body of a report, and the bytes that are signed for it. A validator checks the report's text itself, so that is
 * signed for a facilitator that takes it; ComputeHorde's takes only the text written as JSON once more.
 */
export function cheatReportOf(
  report: CheatReport,
  takesPlainText: boolean,
): { body: string; payload: Uint8Array } {
  const json = toJsonValue({ ...report });
  const [plain, twice] = cheatReportPayloads({ ...report, details: json.get('details')! });
  return { body: writeCompact(json), payload: (takesPlainText ? plain : twice)! };
}
