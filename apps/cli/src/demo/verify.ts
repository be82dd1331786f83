import { isDeepStrictEqual } from 'node:util';
import type { Job } from '@horde/sdk';
import { row } from '../row.ts';
import type { DemoJob } from './job.ts';
import type { Report } from './report.ts';

export interface Verdict {
  agrees: boolean;
  lines: string[];
}

/** Compares the job's answer with what this machine computed itself. */
export async function verify(job: Job, { uploaded }: DemoJob, expected: Report): Promise<Verdict> {
  if (job.status !== 'completed') {
    const said = job.error?.stderr?.trim();
    const stderr = said ? [row('stderr', said.slice(-500))] : [];
    return {
      agrees: false,
      lines: [`The job ended as ${job.status}: ${job.error?.message ?? 'no reason was given'}`, ...stderr],
    };
  }
  const stdout = row('stdout', job.result?.stdout.trim() ?? '');
  const artifact = job.result?.artifacts.get('/artifacts/report.json');
  // A completed job's upload is here by now, or it never comes.
  const body = uploaded === null ? artifact : await Promise.race([uploaded, Promise.resolve(null)]);
  if (!body) {
    const where =
      uploaded === null ? 'There is no report among the artifacts' : 'The report was not uploaded';
    return { agrees: false, lines: [stdout, `${where}: the answer is missing.`] };
  }
  const [how, where] =
    uploaded === null ? ['artifact', '/artifacts/report.json'] : ['upload', '/output/report.json'];
  const found = row(how, `${where}, ${(body.length / 1000).toFixed(1)} kB`);
  const difference = compare(body, expected);
  const { files, words } = expected.totals;
  return difference === null
    ? {
        agrees: true,
        lines: [
          stdout,
          found,
          `The report agrees with what this machine counted itself: ${files} files, ${words} words.`,
        ],
      }
    : { agrees: false, lines: [stdout, found, `The report is wrong: ${difference}`] };
}

/** The first difference as a sentence; null when there is none. */
function compare(body: Buffer, expected: Report): string | null {
  let report: Partial<Report> | null;
  try {
    report = JSON.parse(body.toString('utf8')) as Partial<Report> | null;
  } catch {
    return 'it is not JSON.';
  }
  if (isDeepStrictEqual(report, expected)) return null;
  const files = Array.isArray(report?.files) ? (report.files as (Report['files'][number] | null)[]) : [];
  const answered = new Map(files.map((file) => [file?.path, file]));
  for (const file of expected.files) {
    const other = answered.get(file.path);
    if (!other) return `${JSON.stringify(file.path)} is not in it.`;
    if (!isDeepStrictEqual(other, file)) {
      return `${JSON.stringify(file.path)} should be ${JSON.stringify(file)}, and is ${JSON.stringify(other)}.`;
    }
  }
  return 'it holds files or totals that it should not hold.';
}
