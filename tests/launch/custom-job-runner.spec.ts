import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as library from '@horde/job-runner';
import { loadPlugin } from '@horde/plugins';
import { afterAll, describe, expect, it } from 'vitest';
import { makeTestImage } from '@horde/testing/test-image';
import { root } from '@horde/testing/horde';
import { jobRunnerConformance } from '../../libs/job-runner/src/testing/conformance.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'horde-custom-runner-'));
const auditFile = path.join(folder, 'audit.jsonl');
process.env['JOB_AUDIT_FILE'] = auditFile; // read when the example is loaded
afterAll(() => rmSync(folder, { recursive: true }));

async function makeRunner(options: library.DefaultJobRunnerOptions = {}): Promise<library.JobRunner> {
  const reference = path.join(root, 'examples/custom-job-runner/runner.ts:AuditedJobRunner');
  const Runner = await loadPlugin(reference, { '@horde/job-runner': library });
  return new (Runner as new (options: library.DefaultJobRunnerOptions) => library.JobRunner)(options);
}

jobRunnerConformance('the example of a custom job runner', async (logMaxBytes) => {
  const image = await makeTestImage();
  return { runner: await makeRunner({ logMaxBytes }), image: image.reference, close: image.remove };
});

describe('the example of a custom job runner', () => {
  it("is a runner of this process's own library, and keeps a record of every job", async () => {
    expect(await makeRunner()).toBeInstanceOf(library.DefaultJobRunner);
    const lines = readFileSync(auditFile, 'utf8').trim().split('\n');
    const notes = lines.map((line) => JSON.parse(line) as { job: string; step: string });
    const jobs = Map.groupBy(notes, ({ job }) => job);
    const steps = [...jobs.values()].map((of) => of.map(({ step }) => step).join());
    expect(steps).toContain('starting,started,gone');
  });
});
