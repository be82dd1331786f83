import { randomUUID } from 'node:crypto';
import type { INestApplication } from '@nestjs/common';
import { Keypair, signRequest } from '@horde/identity';
import { JobCheated, make, readObject, RequestSignature, writePythonSorted } from '@horde/protocol';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ValidatorPlace } from '../testing/running-validator.ts';
import { newJob, ScriptedFacilitator } from '../testing/scripted-facilitator.ts';

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

const report = (signer: Keypair): JobCheated => {
  const fields = {
    job_uuid: randomUUID(),
    trusted_job_uuid: randomUUID(),
    details: new Map([['why', 'a NUL: \0']]),
  };
  const timestamp_ns = 1_700_000_000_000_000_001n;
  const signature = {
    signature_type: 'bittensor',
    signatory: signer.address,
    timestamp_ns,
    signature: signRequest(
      signer,
      timestamp_ns,
      Buffer.from(writePythonSorted(new Map(Object.entries(fields)))),
    ),
    signature_scope: 'FullRequest',
  };
  return make(JobCheated, {
    ...fields,
    signature: readObject(RequestSignature, new Map<string, never>(Object.entries(signature) as never)),
  });
};

it('a cheat report is kept once, and only when its signer may sign', async () => {
  const good = report(place.keypair);
  const strange = report(Keypair.generate());
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
