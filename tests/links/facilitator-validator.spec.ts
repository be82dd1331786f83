import { wholeJob } from '@horde/testing/validator-miner/miner-script';
import { openFaultProxy, type FaultProxy } from '@horde/testing/fault-proxy';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import {
  startFacilitator,
  type RunningFacilitator,
} from '../../apps/facilitator/src/testing/running-facilitator.ts';
import {
  ask,
  jobBody,
  postJson,
  signatureHeaders,
  tokenOf,
} from '../../apps/facilitator/src/testing/user.ts';
import { Scene } from '../../apps/validator/src/testing/scene.ts';

const scene = new Scene();
let facilitator: RunningFacilitator;
let token: string;
let proxy: FaultProxy;

beforeAll(async () => {
  facilitator = await startFacilitator([scene.place.keypair.address]);
  token = await tokenOf(facilitator.url, facilitator.user);
  await scene.place.query('insert into whitelisted_hotkey (hotkey) values ($1)', [facilitator.user.address]);
});
afterEach(() => proxy.close());
afterAll(() => facilitator.stop());

const headers = () => ({ authorization: `Bearer ${token}` });
const create = async () => {
  const text = JSON.stringify(jobBody(scene.place.keypair.address));
  const signature = signatureHeaders(facilitator.user, text);
  const { json } = await postJson(`${facilitator.url}/api/v1/job-docker/`, text, {
    ...headers(),
    ...signature,
  });
  return json.uuid as string;
};
const statuses = async (uuid: string) => {
  const { json } = await ask(`${facilitator.url}/api/v1/jobs/${uuid}/`, { headers: headers() });
  return (json.status_history as { status: string }[]).map(({ status }) => status);
};
/** The validator's opening request asks for nothing, as a Python peer's. */
const asPlain = (chunk: Buffer) =>
  Buffer.from(chunk.toString('latin1').replace('X-Horde-Extensions', 'X-Other-Extensions'), 'latin1');

it.each([
  ['plain v0', asPlain, false],
  ['durable-1', (chunk: Buffer) => chunk, true],
])(
  'a facilitator and a validator of ours bring jobs to their ends although their connection is cut again and again on %s',
  async (_link, change, isDurable) => {
    let state = 1;
    const random = () => (state = (state * 48271) % 2147483647) / 2147483647;
    // Each cut makes the validator wait longer before it connects again.
    let cuts = 4;
    const bytes = () => (cuts-- > 0 ? 1_200 + random() * 3_000 : Infinity);
    proxy = await openFaultProxy(Number(new URL(facilitator.url).port), bytes, change);
    scene.miner.script = wholeJob;
    await scene.start({
      FACILITATOR_URI: `ws://127.0.0.1:${proxy.port}/ws/v0/`,
      JOB_WAIT_LIMIT: '60',
    });
    const seen = () =>
      facilitator.database.manager.query(
        `select 'durable-1' = any (extensions) as "isDurable" from validator where largest_frame is not null`,
      );
    await expect.poll(seen).toEqual([{ isDurable }]);
    const jobs: string[] = [];
    for (let count = 0; count < 4; count++) jobs.push(await create());
    for (const job of jobs)
      await expect
        .poll(() => statuses(job))
        .toEqual([
          'sent',
          'received',
          'accepted',
          'executor_ready',
          'volumes_ready',
          'execution_done',
          'completed',
        ]);
    for (const job of jobs) await expect.poll(() => scene.waiting(job)).toBe(0);
    expect(await facilitator.database.manager.query('select from outbox')).toEqual([]);
    expect(proxy.opened).toBeGreaterThan(4);
  },
  120_000,
);
