import type { Job } from '@horde/sdk';
import { expect, it } from 'vitest';
import type { DemoJob } from './job.ts';
import type { Report } from './report.ts';
import { verify } from './verify.ts';

const file = { path: 'a', words: 2, bytes: 9, sha256: 'ab' };
const expected: Report = { files: [file], totals: { files: 1, words: 2, bytes: 9 } };

const completed = (artifacts: Record<string, string>) =>
  ({
    status: 'completed',
    result: {
      stdout: '1 file\n',
      stderr: '',
      artifacts: new Map(Object.entries(artifacts).map(([path, text]) => [path, Buffer.from(text)])),
    },
  }) as unknown as Job;

const asArtifact = { uploaded: null } as DemoJob;
const verdict = async (report: string | null, job = asArtifact) => {
  const artifacts: Record<string, string> = report === null ? {} : { '/artifacts/report.json': report };
  const { agrees, lines } = await verify(completed(artifacts), job, expected);
  return { agrees, last: lines.at(-1) };
};

it('the right report agrees, as an artifact and as an upload', async () => {
  expect(await verdict(JSON.stringify(expected))).toMatchObject({ agrees: true });
  const uploaded = { uploaded: Promise.resolve(Buffer.from(JSON.stringify(expected))) } as DemoJob;
  expect(await verdict(null, uploaded)).toMatchObject({ agrees: true });
});

it.each([
  ['missing', null, 'There is no report among the artifacts'],
  ['not JSON', 'oops', 'it is not JSON'],
  ['no object', 'null', '"a" is not in it'],
  ['a list of nothing', { files: [null] }, '"a" is not in it'],
  ['without a list', { files: 'a' }, '"a" is not in it'],
  ['without a file', { ...expected, files: [] }, '"a" is not in it'],
  ['with a wrong count', { ...expected, files: [{ ...file, words: 3 }] }, '"words":3'],
  ['with one file too many', { ...expected, files: [file, { ...file, path: 'b' }] }, 'should not hold'],
  ['with wrong totals', { ...expected, totals: { files: 1, words: 99, bytes: 9 } }, 'should not hold'],
])('a report that is %s does not agree, and the difference is named', async (_how, report, sentence) => {
  const text = report === null || typeof report === 'string' ? report : JSON.stringify(report);
  const { agrees, last } = await verdict(text);
  expect(agrees).toBe(false);
  expect(last).toContain(sentence);
});

it('a job that completed without its upload does not agree, and is not waited for', async () => {
  const never = { uploaded: new Promise<Buffer>(() => undefined) } as DemoJob;
  expect(await verdict(null, never)).toEqual({
    agrees: false,
    last: 'The report was not uploaded: the answer is missing.',
  });
});

it('a job that did not complete says why', async () => {
  const job = {
    status: 'failed',
    result: null,
    error: { message: 'it broke', stderr: 'boom\n' },
  } as unknown as Job;
  expect(await verify(job, asArtifact, expected)).toEqual({
    agrees: false,
    lines: ['The job ended as failed: it broke', expect.stringMatching(/^stderr +boom$/)],
  });
});
