/** What lists of jobs cost the facilitator: a page with full artifacts, and a page far down a long list. */
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { Keypair } from '@horde/identity';
import { createTestDatabase } from '@horde/testing/database';
import { FacilitatorProcess } from '@horde/testing/facilitator-process';
import { storeJobs } from '../../apps/facilitator/src/testing/stored-jobs.ts';
import { tokenOf } from '../../apps/facilitator/src/testing/user.ts';
import type { Figure } from './figure.ts';
import { withPostgres } from './miner/with-postgres.ts';

const megabyte = 1_000_000;
/** The largest page. */
const pageSize = 256;
/** 20 files of the largest size that executors return, in base64. @unit bytes */
const fullArtifacts = 27 * megabyte;
const manyJobs = 300_000;
const farDown = 200_000;

export const figures = (): Promise<Figure[]> => withPostgres(measure);

async function measure(): Promise<Figure[]> {
  const facilitator = await FacilitatorProcess.start(await createTestDatabase());
  try {
    return [...(await largePage(facilitator)), ...(await longList(facilitator))];
  } finally {
    await facilitator.stop();
  }
}

async function largePage(facilitator: FacilitatorProcess): Promise<Figure[]> {
  const read = await userWithJobs(facilitator, pageSize, fullArtifacts);
  await read('page_size=1');
  let page = { first: 0, whole: 0, bytes: 0 };
  const growth = await facilitator.process.memoryGrowth(async () => {
    page = await read(`page_size=${pageSize}`);
  });
  const note = `${pageSize} jobs of ${fullArtifacts / megabyte} MB, ${(page.bytes / megabyte).toFixed(0)} MB in ${(page.whole / 1_000).toFixed(1)} s`;
  return [
    {
      name: 'memory for a page of full artifacts',
      value: growth / megabyte,
      unit: 'MB',
      bar: 150,
      atLeast: false,
      note,
    },
    { name: 'its first byte', value: page.first, unit: 'ms', bar: 1_000, atLeast: false },
  ];
}

async function longList(facilitator: FacilitatorProcess): Promise<Figure[]> {
  const read = await userWithJobs(facilitator, manyJobs);
  const before = await read(`page=${farDown / 10}`);
  await facilitator.query('vacuum analyze job, job_status');
  const times: number[] = [];
  for (let time = 0; time < 9; time++) times.push((await read(`page=${farDown / 10}`)).whole);
  return [
    {
      name: `page of a list at offset ${farDown}`,
      value: times.toSorted((a, b) => a - b)[4]!,
      unit: 'ms',
      bar: 500,
      atLeast: false,
      note: `${manyJobs} jobs; ${before.whole.toFixed(0)} ms before the table's first vacuum`,
    },
  ];
}

/** Returns what reads a list of the jobs of a new user, and tells how long that takes. @unit ms */
async function userWithJobs(facilitator: FacilitatorProcess, count: number, artifacts = 0) {
  const user = Keypair.generate();
  await facilitator.query('insert into hotkey_whitelist (ss58_address) values ($1)', user.address);
  await storeJobs((sql, ...values) => facilitator.query(sql, ...values), {
    hotkey: user.address,
    validator: Keypair.generate().address,
    count,
    artifacts,
  });
  const headers = { authorization: `Bearer ${await tokenOf(facilitator.url, user)}` };
  return async (query: string) => {
    const begin = performance.now();
    const request = get(`${facilitator.url}/api/v1/jobs/?${query}`, { headers });
    const [answer] = (await once(request, 'response')) as [IncomingMessage];
    if (answer.statusCode !== 200) throw new Error(`The facilitator answers ${answer.statusCode}.`);
    let [first, bytes] = [0, 0];
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      first ||= performance.now() - begin;
      bytes += chunk.length;
    }
    return { first, whole: performance.now() - begin, bytes };
  };
}
