import { verifyHex } from '@horde/identity';
import { JobFinished, make, receiptText, type ReceiptPayload } from '@horde/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RecordingManager } from '@horde/testing/recording-manager';
import { MinerUnderTest } from '../testing/miner.ts';

let miner: MinerUnderTest;

beforeEach(async () => {
  miner = await MinerUnderTest.start(new RecordingManager({ 'always_on.test': 1 }));
});
afterEach(() => miner.close());

describe('two validators race for the last slot', () => {
  it('gives it to exactly one, and the other gets a decline that it can verify', async () => {
    const validators = await Promise.all([miner.validator(), miner.validator()]);
    const connections = await Promise.all(validators.map((validator) => validator.login()));
    for (let round = 0; round < 30; round++) {
      const requests = validators.map((validator) => validator.initial());
      await Promise.all(requests.map((request, i) => connections[i]!.send(request)));
      const answers = await Promise.all(
        connections.map((connection) => connection.next('V0AcceptJobRequest', 'V0DeclineJobRequest')),
      );
      expect(answers.map(({ message_type }) => message_type).sort()).toEqual([
        'V0AcceptJobRequest',
        'V0DeclineJobRequest',
      ]);
      const winner = answers.findIndex(({ message_type }) => message_type === 'V0AcceptJobRequest');
      const decline = answers[1 - winner] as unknown as {
        reason: string;
        message: string;
        receipts: { payload: ReceiptPayload; validator_signature: string; miner_signature: string }[];
      };
      expect(decline).toMatchObject({
        reason: 'busy',
        message: 'All 1 executors of class always_on.test are busy.',
      });
      // The winner's receipt excuses only those that were signed after it.
      for (const { payload, validator_signature, miner_signature } of decline.receipts) {
        expect(payload.job_uuid).toBe(requests[winner]!.job_uuid);
        const text = receiptText(requests[winner]!.job_started_receipt_payload);
        expect(verifyHex(text, validator_signature, validators[winner]!.hotkey)).toBe(true);
        expect(verifyHex(text, miner_signature, miner.hotkey)).toBe(true);
      }
      miner.manager.exit(await miner.manager.token(requests[winner]!.job_uuid), 0);
      await expect.poll(() => miner.query('select 1 from job where slot_held'), { interval: 5 }).toEqual([]);
    }
  });
});

describe('a busy miner', () => {
  it('excuses itself with the receipts of organic jobs of the class that run, and with no others', async () => {
    miner.manager.offered = { 'always_on.test': 3, 'always_on.cpu.8c.16gb': 1 };
    const validator = await miner.validator();
    const connection = await validator.login();
    const organic = validator.initial();
    const requests = [
      organic,
      validator.initial({}, { is_organic: false }),
      validator.initial({}, { ttl: 0 }),
      validator.initial({ executor_class: 'always_on.cpu.8c.16gb' }),
    ];
    for (const request of requests) {
      await connection.send(request);
      await connection.next('V0AcceptJobRequest');
    }
    await connection.send(validator.initial());
    const decline = await connection.next('V0DeclineJobRequest');
    expect(decline['receipts']).toMatchObject([
      { payload: { job_uuid: organic.job_uuid, receipt_type: 'JobStartedReceipt' } },
    ]);
  });

  it('runs synthetic jobs like organic ones, keeps their receipts, and excuses itself to them with organic ones', async () => {
    miner.manager.offered = { 'always_on.test': 2 };
    const validator = await miner.validator();
    const connection = await validator.login();
    const [organic, synthetic, declined] = [
      validator.initial(),
      validator.initial({}, { is_organic: false }),
      validator.initial({}, { is_organic: false }),
    ];
    for (const request of [organic, synthetic]) {
      await connection.send(request);
      await connection.next('V0AcceptJobRequest');
    }
    await connection.send(declined);
    const decline = await connection.next('V0DeclineJobRequest');
    expect(decline['receipts']).toMatchObject([{ payload: { job_uuid: organic.job_uuid } }]);
    const { job_uuid } = synthetic;
    const executor = await miner.executor(await miner.manager.token(job_uuid));
    await executor.send(
      make(JobFinished, { job_uuid, docker_process_stdout: '', docker_process_stderr: '' }),
    );
    await connection.next('V0JobFinishedRequest');
    await connection.send(validator.finished(job_uuid));
    await connection.settled();
    expect(
      await miner.query(
        'select receipt_type, is_organic from receipt where job_uuid = $1 order by 1',
        job_uuid,
      ),
    ).toEqual([
      { receipt_type: 'JobFinishedReceipt', is_organic: null },
      { receipt_type: 'JobStartedReceipt', is_organic: false },
    ]);
  });

  it('is free again when an executor has exited, not before', async () => {
    const validator = await miner.validator();
    const connection = await validator.login();
    const first = validator.initial();
    await connection.send(first);
    await connection.next('V0AcceptJobRequest');
    const token = await miner.manager.token(first.job_uuid);
    await connection.send(validator.finished(first.job_uuid));
    await connection.settled();
    await expect.poll(() => miner.manager.stopped).toEqual([token]);
    await expect.poll(() => miner.query('select 1 from job where slot_held')).toEqual([]);
    await connection.send(validator.initial());
    await connection.next('V0AcceptJobRequest');
  });
});
