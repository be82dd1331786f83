/** What streams of events in which nothing happens keep in the facilitator's memory. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Keypair } from '@horde/identity';
import type { FacilitatorProcess } from '@horde/testing/facilitator-process';
import { storeJobs } from '../../../apps/facilitator/src/testing/stored-jobs.ts';
import { tokenOf } from '../../../apps/facilitator/src/testing/user.ts';
import type { Figure } from '../figure.ts';

const users = 100;
/** As many as one may have open. */
const streamsOfUser = 50;
/** The first comments are sent after 15 s. @unit ms */
const idle = 20_000;
const megabyte = 1_000_000;

export async function idleStreamFigures(facilitator: FacilitatorProcess): Promise<Figure[]> {
  const streams: { url: string; authorization: string }[] = [];
  for (let count = 0; count < users; count++)
    streams.push(...(await streamsOf(Keypair.generate(), facilitator)));
  // A process of its own, so that the facilitator's memory alone is counted, and its time.
  const readers = spawn(process.execPath, ['tools/bench/facilitator/idle-readers.ts'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = once(readers, 'exit');
  try {
    const before = (await facilitator.process.memory()).now;
    const peak = await facilitator.process.memoryGrowth(async () => {
      const open = once(readers.stdout, 'data');
      readers.stdin.write(`${JSON.stringify(streams)}\n`);
      await Promise.race([open, ended.then(() => Promise.reject(new Error('The streams have ended.')))]);
      await sleep(idle);
    });
    const [used, began] = [await facilitator.process.processorTime(), performance.now()];
    await sleep(idle);
    const busy = ((await facilitator.process.processorTime()) - used) / (performance.now() - began);
    const kept = (await facilitator.process.memory()).now - before;
    if (readers.exitCode !== null) throw new Error('The streams have ended.');
    return [
      {
        name: `memory for ${streams.length} idle streams of events`,
        value: peak / megabyte,
        unit: 'MB',
        bar: 150,
        atLeast: false,
        note: `at most, while they are opened too; ${(kept / megabyte).toFixed(0)} MB in the end, ${(busy * 100).toFixed(1)} % of a processor`,
      },
    ];
  } finally {
    readers.kill();
    await ended;
  }
}

async function streamsOf(user: Keypair, facilitator: FacilitatorProcess) {
  await facilitator.query('insert into hotkey_whitelist (ss58_address) values ($1)', user.address);
  await storeJobs((sql, ...values) => facilitator.query(sql, ...values), {
    hotkey: user.address,
    validator: Keypair.generate().address,
    count: streamsOfUser,
  });
  const authorization = `Bearer ${await tokenOf(facilitator.url, user)}`;
  const jobs = await facilitator.query<{ uuid: string }>(
    'select uuid from job where hotkey = $1',
    user.address,
  );
  return jobs.map(({ uuid }) => ({ url: `${facilitator.url}/api/v1/jobs/${uuid}/events/`, authorization }));
}
