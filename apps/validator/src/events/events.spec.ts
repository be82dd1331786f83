import http from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { INestApplication } from '@nestjs/common';
import { verifyHex } from '@horde/identity';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { wholeJob } from '@horde/testing/validator-miner/miner-script';
import { transactionsOpenSince } from '../testing/open-transactions.ts';
import { Scene } from '../testing/scene.ts';
import { EventPush } from './event-push.ts';
import { jobEvent } from './job-events.ts';
import { SystemEvents } from './system-events.ts';

const scene = new Scene();

interface Taken {
  path: string;
  headers: http.IncomingHttpHeaders;
  events: { type: string; subtype: string; timestamp: string; data: Record<string, unknown> }[];
}

/** A collector of statistics. */
const collector = { taken: [] as Taken[], status: 201, url: '', hangs: false };
const server = http.createServer(async (request, response) => {
  const body = await text(request);
  collector.taken.push({
    path: request.url!,
    headers: request.headers,
    events: JSON.parse(body) as Taken['events'],
  });
  if (!collector.hangs) response.writeHead(collector.status).end();
});
beforeAll(async () => {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  collector.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/stats/v0/`;
});
beforeEach(() => {
  Object.assign(collector, { taken: [], status: 201, hangs: false });
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const unsent = () => scene.place.query('select type, subtype from system_event where sent_at is null');
const parts = (app: INestApplication) => ({ events: app.get(SystemEvents), push: app.get(EventPush) });

describe('what happens to the validator', () => {
  it('is sent to the collector, signed by the hotkey, once', async () => {
    scene.miner.script = wholeJob;
    const { push } = parts(await scene.start());
    const uuid = await scene.send();
    await scene.facilitator.update(uuid, 'completed');
    expect(await push.push(collector.url)).toBe(1);
    expect(await push.push(collector.url)).toBe(0);
    const [{ path, headers, events }] = collector.taken as [Taken];
    const { address } = scene.place.keypair;
    expect(path).toBe(`/stats/v0/validator/${address}/system_events`);
    const time = headers['validator-signing-timestamp'];
    const signed = `{"signing_timestamp": ${String(time)}, "validator_ss58_address": "${address}"}`;
    expect(verifyHex(signed, headers['validator-signature'] as string, address)).toBe(true);
    expect(events).toEqual([
      {
        type: 'MINER_ORGANIC_JOB_SUCCESS',
        subtype: 'SUCCESS',
        timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
        data: {
          job_uuid: uuid,
          miner_hotkey: scene.miner.keypair.address,
          description: 'The job has completed.',
        },
      },
    ]);
  });

  it('waits while the collector refuses it, or is away', async () => {
    const { push, events } = parts(await scene.start());
    await events.record({ type: 'JOB_ROUTING', subtype: 'SUCCESS', description: 'A miner was found.' });
    collector.status = 503;
    await expect(push.push(collector.url)).rejects.toThrow('answered with 503.');
    await expect(push.push('http://127.0.0.1:1/')).rejects.toThrow('http://127.0.0.1:1 does not answer:');
    expect(await unsent()).toEqual([{ type: 'JOB_ROUTING', subtype: 'SUCCESS' }]);
    collector.status = 201;
    expect(await push.push(collector.url)).toBe(1);
    expect(await unsent()).toEqual([]);
  });

  it('is sent with no transaction open, and not for ever: the faults of a collector that never answers', async () => {
    const { push, events } = parts(await scene.start());
    await events.record({ type: 'JOB_ROUTING', subtype: 'SUCCESS', description: 'A miner was found.' });
    collector.hangs = true;
    const pushing = expect(push.push(collector.url, 1_000)).rejects.toThrow('does not answer');
    await expect.poll(() => collector.taken).toHaveLength(1);
    const since = new Date();
    await expect.poll(() => transactionsOpenSince(scene.place, since)).toEqual([]);
    await pushing;
    expect(await unsent()).toHaveLength(1);
    collector.hangs = false;
    await push.push(collector.url);
  });

  it('is kept short, and whatever it says is stored', async () => {
    const { events } = parts(await scene.start());
    await events.record({
      type: 'RECEIPT_FAILURE',
      subtype: 'GENERIC_ERROR',
      description: `a NUL: \0 ${'long '.repeat(1_000)}`,
      data: { nul: '\0', half: '\ud800', much: 'x'.repeat(50_000) },
    });
    const [event] = await scene.place.query<{ description: string; data: { cut: string } }>(
      `select description, data from system_event where type = 'RECEIPT_FAILURE'`,
    );
    expect(event!.description).toHaveLength(2_000);
    expect(event!.data.cut).toHaveLength(10_000);
  });
});

const job = (reason: string, message = 'x') => ({ job_failure_details: { reason, message } });
const horde = (reason: string, message = 'x') => ({ horde_failure_details: { reason, message } });

it('an event of a job names its miner: the fault that it named the validator itself', () => {
  const event = jobEvent({ status: 'completed', metadata: null }, { job_uuid: 'j', miner_hotkey: 'm' });
  expect(event.data).toEqual({ job_uuid: 'j', miner_hotkey: 'm' });
});

it.each([
  ['JOB_REJECTED', { job_rejection_details: { message: 'busy' } }],
  ['JOB_PROCESS_NONZERO_EXIT_CODE', job('nonzero_return_code')],
  ['JOB_TIMEOUT', job('timeout')],
  ['JOB_VOLUME_DOWNLOAD_FAILED', job('download_failed')],
  ['GENERIC_JOB_FAILURE', job('something_new')],
  ['ERROR_VALIDATOR_REPORTED_TIMEOUT', horde('volumes_timed_out')],
  ['MINER_CONNECTION_ERROR', horde('miner_connection_failed')],
  ['ERROR_FAILED_SECURITY_CHECK', horde('security_check_failed')],
  ['GENERIC_ERROR', horde('streaming_failed')],
])('the end of a job is the event that ComputeHorde has for it: %s', (subtype, metadata) => {
  const event = jobEvent({ status: 'failed', metadata } as never, { job_uuid: 'j', miner_hotkey: 'm' });
  expect(event).toMatchObject({ type: 'MINER_ORGANIC_JOB_FAILURE', subtype, data: { miner_hotkey: 'm' } });
});
