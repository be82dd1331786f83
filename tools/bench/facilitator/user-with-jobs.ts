import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { Keypair } from '@horde/identity';
import type { FacilitatorProcess } from '@horde/testing/facilitator-process';
import { storeJobs, type StoredJobs } from '../../../apps/facilitator/src/testing/stored-jobs.ts';
import { tokenOf } from '../../../apps/facilitator/src/testing/user.ts';

/** Longer answers are not kept. @unit bytes */
const maxText = 1_000_000;

type Jobs = Omit<StoredJobs, 'hotkey' | 'validator'>;

/** A new user with jobs: `store` adds more of them, and `read` reads a list of them and tells how long that takes. @unit ms */
export async function userWithJobs(facilitator: FacilitatorProcess, jobs: Jobs) {
  const [user, validator] = [Keypair.generate(), Keypair.generate()];
  await facilitator.query('insert into hotkey_whitelist (ss58_address) values ($1)', user.address);
  const store = (more: Jobs) =>
    storeJobs((sql, ...values) => facilitator.query(sql, ...values), {
      hotkey: user.address,
      validator: validator.address,
      ...more,
    });
  await store(jobs);
  const headers = { authorization: `Bearer ${await tokenOf(facilitator.url, user)}` };
  const read = async (query: string) => {
    const begin = performance.now();
    const request = get(`${facilitator.url}/api/v1/jobs/?${query}`, { headers });
    const [answer] = (await once(request, 'response')) as [IncomingMessage];
    if (answer.statusCode !== 200) throw new Error(`The facilitator answers ${answer.statusCode}.`);
    let [first, bytes, text] = [0, 0, ''];
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      first ||= performance.now() - begin;
      bytes += chunk.length;
      if (bytes <= maxText) text += chunk.toString('latin1');
    }
    return { first, whole: performance.now() - begin, bytes, text };
  };
  return { store, read };
}
