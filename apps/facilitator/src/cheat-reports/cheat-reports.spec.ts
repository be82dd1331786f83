import { randomUUID } from 'node:crypto';
import { Keypair, verifyRequest } from '@horde/identity';
import { cheatReportPayloads, facilitatorToValidator, type JobCheated } from '@horde/protocol';
import { ScriptedValidator } from '@horde/testing/facilitator-validator/scripted-validator';
import { beforeEach, describe, expect, it } from 'vitest';
import { LinkFixture } from '../testing/link-fixture.ts';
import { fullRequestHeaders, signatureHeaders } from '../testing/user.ts';

const link = new LinkFixture();
const beat = '{"message_type":"V0Heartbeat"}';
const stored = { status: 201, json: { message: 'Job reported as cheated' } };

describe('a report of a cheated job', () => {
  let validator: ScriptedValidator;
  let job_uuid: string;
  let trusted_job_uuid: string;
  beforeEach(async () => {
    validator = await ScriptedValidator.logIn(link.url, link.key);
    job_uuid = (await link.create()).json.uuid;
    trusted_job_uuid = (await link.create({ on_trusted_miner: true })).json.uuid;
    for (const _job of [1, 2]) await validator.nextJob();
    for (const uuid of [job_uuid, trusted_job_uuid]) await validator.update(uuid, 'received');
  });

  const nextReport = async (from: ScriptedValidator) =>
    facilitatorToValidator.read(await from.nextText()).message as JobCheated;
  const verifies = (report: JobCheated) => {
    const { signatory, timestamp_ns, signature } = report.signature!;
    return cheatReportPayloads(report).some((payload) =>
      verifyRequest(signatory, timestamp_ns, payload, signature),
    );
  };

  it.each([
    ['once', { why: 'a NUL: \0' }],
    ['twice', [1, 'é']],
    ['twice', null],
    ['once', undefined],
  ] as const)(
    'signed %s over %j is passed on as it verifies, and leaves the job as it was',
    async (encoding, details) => {
      const body = { job_uuid, trusted_job_uuid, details };
      const before = await link.read(job_uuid);
      const headers = fullRequestHeaders(link.user, JSON.stringify(body), encoding);
      expect(await link.report(body, headers)).toMatchObject(stored);
      const report = await nextReport(validator);
      expect(report).toMatchObject({ job_uuid, trusted_job_uuid, type: 'job.cheated' });
      expect(report.details).not.toBeNull();
      expect(verifies(report)).toBe(true);
      expect(await link.read(job_uuid)).toEqual(before);
    },
  );

  it('reaches a validator that was away, until it has lived on for a minute: the fault that it was lost', async () => {
    await validator.leave();
    await link.channels(0);
    expect(await link.report({ job_uuid, trusted_job_uuid })).toMatchObject(stored);
    for (const beats of [1, 2]) {
      const next = await ScriptedValidator.logIn(link.url, link.key);
      expect((await nextReport(next)).job_uuid).toBe(job_uuid);
      for (let sent = 0; sent < beats; sent++) next.sendText(beat);
      expect(await next.settle()).toEqual([]);
      await next.leave();
      await link.channels(0);
    }
    const last = await ScriptedValidator.logIn(link.url, link.key);
    expect(await last.settle()).toEqual([]);
  });

  it('goes with a number where that is spoken, until the validator acknowledges it: a minute tells nothing', async () => {
    const connect = () => ScriptedValidator.logIn(link.url, link.key, {}, ['durable-1']);
    const left = () => link.query('select from outbox where peer = $1');
    const deaf = await connect();
    deaf.acknowledges = false;
    // Claims about what it was not sent count for nothing.
    deaf.sendText(`["ack","${job_uuid}",${Number.MAX_SAFE_INTEGER}]`);
    await deaf.settle();
    expect(await link.report({ job_uuid, trusted_job_uuid })).toMatchObject(stored);
    expect((await nextReport(deaf)).job_uuid).toBe(job_uuid);
    for (let sent = 0; sent < 3; sent++) deaf.sendText(beat);
    expect(await deaf.settle()).toEqual([]);
    expect(await left()).toHaveLength(1);
    await deaf.leave();
    expect((await nextReport(await connect())).job_uuid).toBe(job_uuid);
    await expect.poll(left).toEqual([]);
  });

  it('is taken once, for jobs of the user, the second one on a trusted miner', async () => {
    const report = (more: object, hotkey?: string) =>
      link.report({ job_uuid, trusted_job_uuid, ...more }, undefined, hotkey);
    const refused = async (answer: Promise<unknown>, status: number, json: object) =>
      expect(await answer).toMatchObject({ status, json });
    for (const wrong of [randomUUID(), trusted_job_uuid])
      await refused(report({ job_uuid: wrong }), 404, { error: 'Job not found' });
    for (const wrong of [randomUUID(), job_uuid])
      await refused(report({ trusted_job_uuid: wrong }), 404, { error: 'Trusted job not found' });
    await refused(report({ job_uuid: job_uuid.toUpperCase() }), 400, { job_uuid: ['Must be a valid UUID.'] });
    const body = { job_uuid, trusted_job_uuid };
    const stranger = Keypair.generate();
    const own = fullRequestHeaders(stranger, JSON.stringify(body));
    await refused(link.report(body, own, stranger.address), 404, { error: 'Job not found' });
    expect(await Promise.all([report({}), report({})])).toEqual(
      expect.arrayContaining([expect.objectContaining(stored)]),
    );
    await refused(report({}), 400, { error: 'Cheat report already exists for this job' });
    expect((await nextReport(validator)).job_uuid).toBe(job_uuid);
    expect(await validator.settle()).toEqual([]);
  });

  it.each<[string, string]>([
    ['too large', JSON.stringify('x'.repeat(160 * 1024))],
    ['nested without end', '['.repeat(100) + ']'.repeat(100)],
  ])('whose details are %s is refused', async (_what, details) => {
    const text = `{"job_uuid":"${job_uuid}","trusted_job_uuid":"${trusted_job_uuid}","details":${details}}`;
    expect(await link.report(text, {})).toMatchObject({ status: 400, json: { detail: expect.any(String) } });
    expect(await validator.settle()).toEqual([]);
  });

  it('needs a signature of the user over all of it', async () => {
    const body = { job_uuid, trusted_job_uuid };
    const text = JSON.stringify(body);
    expect(await link.report(body, {})).toMatchObject({
      status: 400,
      json: { error: 'Signature not found' },
    });
    for (const headers of [
      fullRequestHeaders(link.user, JSON.stringify({ ...body, details: {} })),
      fullRequestHeaders(Keypair.generate(), text),
      signatureHeaders(link.user, text),
    ]) {
      const { status, json } = await link.report(body, headers);
      expect([status, json.error]).toEqual([400, 'Invalid signature provided']);
    }
    expect(await validator.settle()).toEqual([]);
  });
});
