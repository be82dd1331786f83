import { randomUUID } from 'node:crypto';
import type { INestApplication } from '@nestjs/common';
import { Keypair } from '@horde/identity';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { cheatReport } from '@horde/testing/facilitator-validator/cheat-report';
import { newJob, ScriptedFacilitator } from '@horde/testing/facilitator-validator/scripted-facilitator';
import { ValidatorPlace } from '../testing/running-validator.ts';

let place: ValidatorPlace;
let facilitator: ScriptedFacilitator;
let validator: INestApplication;

beforeAll(async () => {
  place = await ValidatorPlace.make();
  facilitator = new ScriptedFacilitator(place.keypair.address);
  await facilitator.start();
  validator = await place.start({ FACILITATOR_URI: facilitator.uri });
});

afterAll(async () => {
  await validator.close();
  await facilitator.stop();
  await place.remove();
});

it('a cheat report is kept once, and only when its signer may sign', async () => {
  const good = cheatReport(place.keypair);
  const strange = cheatReport(Keypair.generate());
  for (const message of [good, strange, good]) await facilitator.send(message);
  // Frames are handled in order: when this job was answered, the reports have been handled.
  const after = newJob(randomUUID(), null);
  await facilitator.send(after);
  await facilitator.update(after.uuid, 'rejected');
  expect(
    await place.query('select job_uuid, trusted_job_uuid, signatory, details from cheat_report'),
  ).toEqual([
    {
      job_uuid: good.job_uuid,
      trusted_job_uuid: good.trusted_job_uuid,
      signatory: place.keypair.address,
      details: '{"why":"a NUL: \\u0000"}',
    },
  ]);
});
