import { afterAll, beforeAll, expect, it } from 'vitest';
import { RecordingManager } from '@horde/testing/recording-manager';
import { MinerUnderTest } from '../testing/miner.ts';
import { ValidatorSync } from '../background/validator-sync.ts';
import { Validators } from '../directory/validators.ts';

let miner: MinerUnderTest;

beforeAll(async () => {
  miner = await MinerUnderTest.start(new RecordingManager());
});
afterAll(() => miner.close());

it('the jobs of a validator on the blacklist are declined, and leave no receipt and no row', async () => {
  const validator = await miner.validator();
  await miner.part(Validators).setBlacklisted(validator.hotkey, true);
  const connection = await validator.login();
  for (const request of [validator.initial(), validator.signed(validator.initial())]) {
    await connection.send(request);
    expect(await connection.next('V0DeclineJobRequest')).toMatchObject({
      job_uuid: request.job_uuid,
      reason: 'validator_blacklisted',
      message: 'The operator of this miner takes no jobs of this validator.',
      receipts: [],
    });
    expect(await miner.query('select 1 from job where uuid = $1', request.job_uuid)).toEqual([]);
    expect(await miner.query('select 1 from receipt where job_uuid = $1', request.job_uuid)).toEqual([]);
  }
  await miner.part(Validators).setBlacklisted(validator.hotkey, false);
  await connection.send(validator.signed(validator.initial()));
  await connection.next('V0AcceptJobRequest');
  await connection.close();
});

it('a job that was accepted before goes on, and its request is answered as before', async () => {
  const validator = await miner.validator();
  const { connection, job_uuid } = await validator.accepted();
  await miner.part(Validators).setBlacklisted(validator.hotkey, true);
  const again = await validator.login();
  await again.send(validator.signed(validator.initial({ job_uuid })));
  expect(await again.next('V0AcceptJobRequest')).toMatchObject({ job_uuid });
  await connection.close();
  await again.close();
});

it('the blacklist outlasts what the chain says, and may name a hotkey that nobody knows yet', async () => {
  const validators = miner.part(Validators);
  await validators.setBlacklisted('later', true);
  expect(await validators.find('later')).toMatchObject({ active: false, blacklisted: true });
  miner.chainValidators = ['later'];
  await miner.part(ValidatorSync).fetch();
  expect(await validators.find('later')).toMatchObject({ active: true, blacklisted: true });
  expect(await validators.isBlacklisted('later')).toBe(true);
});
