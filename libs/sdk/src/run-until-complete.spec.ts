import { Keypair, verifyRequest } from '@horde/identity';
import { cheatReportPayloads, parseJson, type JsonObject } from '@horde/protocol';
import {
  jobText,
  scriptedUuid,
  ScriptedFacilitator,
  statusEntry,
  type Answer,
} from '@horde/testing/user-facilitator/scripted-facilitator';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { crossValidate, HordeClient, type HordeClientError, type JobSpec } from './index.ts';

const spec: JobSpec = {
  executorClass: 'always_on.test',
  jobNamespace: 'SN1.0',
  dockerImage: 'a',
  downloadTimeLimit: 1,
  executionTimeLimit: 1,
  uploadTimeLimit: 1,
};
const create = 'POST /api/v1/job-docker/';
const trustedUuid = '22222222-2222-4222-8222-222222222222';
const created = (status: string, more: object = {}): Answer => [201, jobText([statusEntry(status)], more)];
const thrown = (work: Promise<unknown>) => work.catch((error: unknown) => error as HordeClientError);

let facilitator: ScriptedFacilitator;
let client: HordeClient;
const hotkey = Keypair.generate();

beforeEach(async () => {
  facilitator = await ScriptedFacilitator.start();
  client = new HordeClient({ facilitatorUrl: facilitator.url, hotkey, validatorHotkey: hotkey.address });
});
afterEach(async () => {
  client.close();
  await facilitator.stop();
});

describe('a job that is run until it completes', () => {
  it('is tried again when it failed, each time under a key of its own', async () => {
    facilitator.on(create, created('failed'), created('completed'));
    const attempts: [number, string][] = [];
    const job = await client.runUntilComplete(spec, {
      idempotencyKey: 'mine',
      onAttempt: ({ status }, attempt) => attempts.push([attempt, status]),
    });
    expect(job.status).toBe('completed');
    expect(attempts).toEqual([
      [1, 'failed'],
      [2, 'completed'],
    ]);
    expect(facilitator.seen.map(({ headers }) => headers['idempotency-key'])).toEqual(['mine:1', 'mine:2']);
  });

  it('is given back as it failed last, when it may not be tried again', async () => {
    facilitator.on(create, created('rejected'), created('failed'), created('completed'));
    expect((await client.runUntilComplete(spec, { maxAttempts: 2 })).status).toBe('failed');
    expect(facilitator.seen).toHaveLength(2);
  });

  it('ends with its time, also in the middle of a wait, and with its signal', async () => {
    const silent: Answer = () => undefined;
    facilitator.on(create, created('sent'), created('sent'));
    facilitator.on(`GET /api/v1/jobs/${scriptedUuid}/events/`, silent, silent);
    expect(await thrown(client.runUntilComplete(spec, { timeout: 0.1 }))).toMatchObject({
      code: 'WAIT_TIMEOUT',
    });
    const stop = new AbortController();
    const onAttempt = () => stop.abort(new Error('no longer wanted'));
    expect(await thrown(client.runUntilComplete(spec, { signal: stop.signal, onAttempt }))).toBe(
      stop.signal.reason,
    );
  });
});

describe('a report of a cheat is signed as its facilitator takes it', () => {
  const cursors = 'GET /api/v1/jobs/?cursor=&page_size=1&lean=true';
  it.each([
    ['the plain text, which validators check', '{"next":null,"results":[]}', 0],
    ['the text once more for ComputeHorde’s', '{"count":0,"next":null,"previous":null,"results":[]}', 1],
  ])('%s', async (_name, list, form) => {
    facilitator.on(cursors, [200, list]).on('POST /api/v1/cheated-job/', [201, '{"message":"Job reported"}']);
    await client.reportCheatedJob(scriptedUuid, trustedUuid, { details: { z: 'é', score: 0.5, n: 1 } });
    const { body, headers } = facilitator.seen.at(-1)!;
    const details = (parseJson(body) as JsonObject).get('details')!;
    const payloads = cheatReportPayloads({ job_uuid: scriptedUuid, trusted_job_uuid: trustedUuid, details });
    const verifies = payloads.map((payload) =>
      verifyRequest(
        hotkey.address,
        BigInt(String(headers['x-ch-timestamp-ns'])),
        payload,
        String(headers['x-ch-signature']),
      ),
    );
    expect(verifies).toEqual([form === 0, form === 1]);
    expect(headers['x-ch-signature-scope']).toBe('FullRequest');
    expect(JSON.parse(body)).toEqual({
      job_uuid: scriptedUuid,
      trusted_job_uuid: trustedUuid,
      details: { z: 'é', score: 0.5, n: 1 },
    });
  });

  it('with details, even when there are none: a validator cannot read a report without', async () => {
    facilitator
      .on(cursors, [200, '{"next":null,"results":[]}'])
      .on('POST /api/v1/cheated-job/', [404, '{"error":"Job not found"}']);
    expect(await thrown(client.reportCheatedJob(scriptedUuid, trustedUuid))).toMatchObject({
      code: 'NOT_FOUND',
      message: 'Job not found',
    });
    expect(facilitator.seen.at(-1)!.body).toContain('"details":{}');
  });
});

describe('a job that is repeated on the trusted miner', () => {
  const compare = (...jobs: { result: { stdout: string } | null }[]) => {
    const [mine, trusted] = jobs.map(({ result }) => result!.stdout);
    return mine === trusted ? null : { mine, trusted };
  };
  const job = () => {
    facilitator.on(create, created('completed', { stdout: 'a' }));
    return client.createJob(spec);
  };

  it('and comes to another result is reported', async () => {
    const mine = await job();
    facilitator
      .on(create, created('completed', { uuid: trustedUuid, stdout: 'b' }))
      .on('*', [200, '{"next":null,"results":[]}'], [201, '{}']);
    const check = await crossValidate(client, spec, mine, { compare });
    expect(check).toMatchObject({ outcome: 'differs', differences: { mine: 'a', trusted: 'b' } });
    expect(JSON.parse(facilitator.seen[1]!.body)).toMatchObject({ on_trusted_miner: true });
    expect(JSON.parse(facilitator.seen.at(-1)!.body)).toEqual({
      job_uuid: scriptedUuid,
      trusted_job_uuid: trustedUuid,
      details: { mine: 'a', trusted: 'b' },
    });
  });

  it('and comes to the same is not, nor one that did not complete there', async () => {
    const mine = await job();
    facilitator.on(create, created('completed', { stdout: 'a' }), created('failed'));
    expect(await crossValidate(client, spec, mine, { compare })).toMatchObject({ outcome: 'agrees' });
    const failing = crossValidate(client, spec, mine, { compare, maxAttempts: 1 });
    expect(await failing).toMatchObject({ outcome: 'no_trusted_result' });
    expect(facilitator.lines.filter((line) => line !== create)).toEqual([]);
  });

  it('is one of a share of them, as chance has it', async () => {
    const mine = await job();
    facilitator.on(create, created('completed', { stdout: 'a' }));
    const outcomes = await Promise.all(
      [0.02, 0.019].map((drawn) =>
        crossValidate(client, spec, mine, { compare, share: 0.02, chance: () => drawn }),
      ),
    );
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(['not_chosen', 'agrees']);
    expect(await crossValidate(client, spec, mine, { compare, share: 0 })).toMatchObject({
      outcome: 'not_chosen',
    });
  });
});
