import { randomUUID } from 'node:crypto';
import { InitialJobRequest, make } from '@horde/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RecordingManager } from '@horde/testing/recording-manager';
import { MinerUnderTest } from '../testing/miner.ts';

let miner: MinerUnderTest;

beforeAll(async () => {
  miner = await MinerUnderTest.start(new RecordingManager({ 'always_on.test': 100 }));
});
afterAll(() => miner.close());

const started = (job_uuid: string) =>
  miner.manager.executors.filter(({ request }) => request.jobUuid === job_uuid).length;

describe('an initial request', () => {
  it('of an executor class that is not offered is declined, and no receipt is kept', async () => {
    const validator = await miner.validator();
    const connection = await validator.login();
    const request = validator.initial({ executor_class: 'always_on.gpu-24gb' });
    await connection.send(request);
    expect(await connection.next('V0DeclineJobRequest')).toMatchObject({
      job_uuid: request.job_uuid,
      reason: 'busy',
      receipts: [],
      message: 'This miner offers no executor of class always_on.gpu-24gb.',
    });
    expect(await miner.query('select 1 from receipt where job_uuid = $1', request.job_uuid)).toEqual([]);
    expect(started(request.job_uuid)).toBe(0);
  });

  it('that comes again is answered again, and starts nothing', async () => {
    const validator = await miner.validator();
    const connection = await validator.login();
    const request = validator.initial();
    await Promise.all([1, 2, 3].map(() => connection.send(request)));
    await connection.settled();
    const second = await validator.login();
    await second.send(request);
    await second.next('V0AcceptJobRequest');
    expect(connection.types().filter((type) => type === 'V0AcceptJobRequest')).toHaveLength(1);
    await miner.manager.token(request.job_uuid);
    expect(started(request.job_uuid)).toBe(1);
  });

  it('for another validator’s job is refused, and tells nothing of it', async () => {
    const request = (await miner.validator()).initial();
    const owner = await miner.validator();
    const first = await owner.login();
    await first.send(owner.initial({ job_uuid: request.job_uuid }));
    await first.next('V0AcceptJobRequest');
    const validator = await miner.validator();
    const other = await validator.login();
    await other.send(validator.initial({ job_uuid: request.job_uuid }));
    expect((await other.next('GenericError')).details).toMatch(/Another validator/);
    expect(other.types()).toEqual(['V0ExecutorManifestRequest', 'GenericError']);
  });

  it.each(['x', randomUUID().toUpperCase(), randomUUID().replaceAll('-', '')])(
    'with the uuid %j is refused',
    async (job_uuid) => {
      const validator = await miner.validator();
      const connection = await validator.login();
      await connection.send(validator.initial({ job_uuid }, { job_uuid: randomUUID() }));
      expect((await connection.next('GenericError')).details).toMatch(/not a UUID in its canonical form/);
    },
  );

  it('whose signature is wrong is declined, and may come again with a good one', async () => {
    const validator = await miner.validator();
    const connection = await validator.login();
    const request = validator.signed(validator.initial());
    await connection.send(make(InitialJobRequest, { ...request, timeout_seconds: 1 }));
    expect(await connection.next('V0DeclineJobRequest')).toMatchObject({
      reason: 'invalid_signature',
      receipts: [],
    });
    await connection.send(request);
    await connection.next('V0AcceptJobRequest');
  });

  it('without a signature is taken from a validator that never signed, and refused from one that did', async () => {
    const validator = await miner.validator();
    const connection = await validator.login();
    await connection.send(validator.initial());
    await connection.next('V0AcceptJobRequest');
    await connection.send(validator.signed(validator.initial()));
    await connection.next('V0AcceptJobRequest');
    await connection.send(validator.initial());
    expect((await connection.next('GenericError')).details).toMatch(/not signed/);
    expect(await connection.next('V0DeclineJobRequest')).toMatchObject({ reason: 'busy' });
  });

  it.each([
    ['for another job', { job_uuid: randomUUID() }],
    ['for another class', { executor_class: 'always_on.gpu-24gb' as const }],
    ['for another miner', { miner_hotkey: '5Other' }],
    ['of another validator', { validator_hotkey: '5Other' }],
  ])('with a started receipt %s is declined', async (_what, changes) => {
    const validator = await miner.validator();
    const connection = await validator.login();
    await connection.send(validator.initial({}, changes));
    await connection.next('GenericError');
    expect(await connection.next('V0DeclineJobRequest')).toMatchObject({ reason: 'busy' });
    await connection.send(validator.signed(validator.initial({}, changes)));
    expect(await connection.next('V0DeclineJobRequest')).toMatchObject({ reason: 'invalid_receipt' });
    expect(await miner.query('select 1 from job where validator_hotkey = $1', validator.hotkey)).toEqual([]);
  });

  it('with a started receipt that somebody else has signed is declined', async () => {
    const validator = await miner.validator();
    const connection = await validator.login();
    const signature = (await miner.validator()).keypair.signHex('x');
    await connection.send(validator.signed(validator.initial({ job_started_receipt_signature: signature })));
    expect(await connection.next('V0DeclineJobRequest')).toMatchObject({ reason: 'invalid_receipt' });
  });
});
