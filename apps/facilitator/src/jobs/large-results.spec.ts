import { Keypair } from '@horde/identity';
import { createTestDatabase } from '@horde/testing/database';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FacilitatorProcess } from '@horde/testing/facilitator-process';
import { storeJobs } from '../testing/stored-jobs.ts';
import { tokenOf } from '../testing/user.ts';

const megabyte = 1_000_000;
const jobs = 6;
const user = Keypair.generate();
let facilitator: FacilitatorProcess;
let headers: Record<string, string>;

beforeAll(async () => {
  facilitator = await FacilitatorProcess.start(await createTestDatabase());
  await facilitator.query('insert into hotkey_whitelist (ss58_address) values ($1)', user.address);
  headers = { authorization: `Bearer ${await tokenOf(facilitator.url, user)}` };
  await storeJobs((sql, ...values) => facilitator.query(sql, ...values), {
    hotkey: user.address,
    validator: Keypair.generate().address,
    count: jobs,
    artifacts: 27 * megabyte,
  });
});
afterAll(() => facilitator.stop());

describe('a page of jobs with full artifacts', () => {
  it('is answered whole, in order, without being in memory', async () => {
    let text = '';
    let bytes = 0;
    const growth = await facilitator.process.memoryGrowth(async () => {
      const { status, body } = await fetch(`${facilitator.url}/api/v1/jobs/?page_size=256`, { headers });
      expect(status).toBe(200);
      for await (const chunk of body!) {
        bytes += chunk.length;
        // What the artifacts consist of is left out, so that the rest can be read here.
        text += Buffer.from(chunk)
          .toString('latin1')
          .replace(/A{64,}/g, '');
      }
    });
    expect(bytes).toBeGreaterThan(2 * jobs * 27 * megabyte);
    const { count, results } = JSON.parse(text) as {
      count: number;
      results: { created_at: string; artifacts: object; status_history: { metadata: object }[] }[];
    };
    expect(count).toBe(jobs);
    expect(results).toHaveLength(jobs);
    expect(results.map(({ created_at }) => created_at)).toEqual(
      results
        .map(({ created_at }) => created_at)
        .toSorted()
        .toReversed(),
    );
    for (const { artifacts, status_history: history } of results) {
      expect(Object.keys(artifacts)).toEqual(['/artifacts/a']);
      expect(history.at(-1)!.metadata).toEqual({
        miner_response: {
          docker_process_stderr: '',
          docker_process_stdout: '',
          artifacts: { '/artifacts/a': expect.any(String) as string },
          upload_results: {},
        },
      });
    }
    expect(growth / megabyte).toBeLessThan(150);
  }, 120_000);
});

describe('a reader that leaves in the middle of a page', () => {
  it('leaves nothing behind', async () => {
    for (let times = 0; times < 10; times++) {
      const { body } = await fetch(`${facilitator.url}/api/v1/jobs/`, { headers });
      const reader = body!.getReader();
      await reader.read();
      await reader.cancel();
    }
    expect((await fetch(`${facilitator.url}/api/v1/jobs/?page_size=1`, { headers })).status).toBe(200);
    expect(facilitator.process.output).not.toContain('"level":"error"');
  });
});
