import { Keypair, signRequest } from '@horde/identity';
import {
  JobCheated,
  make,
  MultiUpload,
  parseJson,
  readObject,
  RequestSignature,
  writePython,
  ZipAndHttpPut,
} from '@horde/protocol';
import { describe, expect, it } from 'vitest';
import { newJob } from '@horde/testing/facilitator-validator/scripted-facilitator';
import { cheatReportProblem, jobSignatureProblem } from './request-signature.ts';

const user = Keypair.generate();
const anyone = async () => true;
const nobody = async () => false;
const uuid = '11111111-1111-4111-8111-111111111111';

describe("a job's signature", () => {
  it('counts when it is over what the job says', async () => {
    expect(await jobSignatureProblem(newJob(uuid, user), anyone)).toBeNull();
  });

  it('does not cover the uuid and the namespace, which the facilitator adds', async () => {
    const job = newJob(uuid, user);
    job.uuid = '22222222-2222-4222-8222-222222222222';
    job.job_namespace = 'SN7.0';
    expect(await jobSignatureProblem(job, anyone)).toBeNull();
  });

  it('does not count for another order of the environment, or another time', async () => {
    const reordered = newJob(uuid, user);
    reordered.env = new Map([...reordered.env].toReversed());
    expect(await jobSignatureProblem(reordered, anyone)).toBe('Bad signature');
    const later = newJob(uuid, user);
    later.signature!.timestamp_ns += 1n;
    expect(await jobSignatureProblem(later, anyone)).toBe('Bad signature');
  });

  it('does not count for a job whose output is to go where the user has not signed that it may go', async () => {
    const job = newJob(uuid, user);
    job.output_upload = make(MultiUpload, { uploads: [] });
    expect(await jobSignatureProblem(job, anyone)).toBeNull();
    job.output_upload.system_output = make(ZipAndHttpPut, { url: 'https://thief.example' });
    expect(await jobSignatureProblem(job, anyone)).toBe('Signature does not cover system_output');
  });

  it('does not count when it cannot be one', async () => {
    const job = newJob(uuid, user);
    job.signature!.timestamp_ns = -1n;
    expect(await jobSignatureProblem(job, anyone)).toBe('Bad signature');
    job.signature!.signature = '😀';
    expect(await jobSignatureProblem(job, anyone)).toBe('Bad signature');
    expect(await jobSignatureProblem(newJob(uuid, null), anyone)).toBe('Signature is empty');
    expect(await jobSignatureProblem(newJob(uuid, user), nobody)).toBe(
      `Signatory ${user.address} is not in validator whitelist`,
    );
  });
});

describe("a cheat report's signature", () => {
  const text = `{"details": {"reason": "x"}, "job_uuid": "${uuid}", "trusted_job_uuid": "${uuid}"}`;
  const report = (payload: string) => {
    const timestamp_ns = 1_700_000_000_000_000_001n;
    const signature = {
      signature_type: 'bittensor',
      signatory: user.address,
      timestamp_ns,
      signature_scope: 'FullRequest',
    };
    const signed = { ...signature, signature: signRequest(user, timestamp_ns, Buffer.from(payload)) };
    return make(JobCheated, {
      signature: readObject(RequestSignature, new Map<string, never>(Object.entries(signed) as never)),
      job_uuid: uuid,
      trusted_job_uuid: uuid,
      details: parseJson('{"reason": "x"}'),
    });
  };

  it("counts over the report, as ComputeHorde's validator reads it, and over its text, as its SDK signs it", async () => {
    expect(await cheatReportProblem(report(text), anyone)).toBeNull();
    expect(await cheatReportProblem(report(writePython(text)), anyone)).toBeNull();
  });

  it('does not count over anything else', async () => {
    expect(await cheatReportProblem(report(text.replace('x', 'y')), anyone)).toBe('Bad signature');
  });
});
