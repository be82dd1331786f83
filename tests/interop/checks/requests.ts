import { expect, it } from 'vitest';
import { signRequest } from '@horde/identity';
import {
  cheatReportPayloads,
  JobCheated,
  make,
  NewJob,
  parseJson,
  RequestSignature,
  signedFieldsPayload,
  toJson,
  toJsonValue,
  writeCompact,
  writeFrame,
  type JsonObject,
} from '@horde/protocol';
import {
  newJob,
  readJobRequest,
  signedFieldsOfRequest,
} from '../../../apps/facilitator/src/jobs/job-request.ts';
import { checkSignature, requiredSignature } from '../../../apps/facilitator/src/jobs/request-signature.ts';
import {
  cheatReportProblem,
  jobSignatureProblem,
} from '../../../apps/validator/src/jobs/request-signature.ts';
import { jobBodies } from '../job-bodies.ts';
import type { Generation } from '../environment.ts';
import type { Peer } from '../peer.ts';
import { all, count, miner, seeds, user, validator } from './signers.ts';

const anyone = () => Promise.resolve(true);
const lowerCased = (headers: Record<string, string>) =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));

/** What users sign: jobs and reports of cheated jobs, checked by our facilitator, our validator and theirs. */
export function requestChecks(generation: Generation, peer: Peer): void {
  const bodies = jobBodies(count, validator.address);
  const parsed = bodies.map((body) => parseJson(body) as JsonObject);
  const payloads = parsed.map((body) =>
    signedFieldsPayload(signedFieldsOfRequest(readJobRequest(body), body)),
  );
  const changedBodies = parsed.map((body) =>
    writeCompact(new Map([...body, ['docker_image', 'other/image']])),
  );

  const facilitatorAccepts = (body: string, headers: Record<string, string>): boolean => {
    const json = parseJson(body) as JsonObject;
    try {
      checkSignature(
        requiredSignature(lowerCased(headers)),
        signedFieldsPayload(signedFieldsOfRequest(readJobRequest(json), json)),
      );
      return true;
    } catch {
      return false;
    }
  };

  it('signed by the SDK, verified by our facilitator and our validator', async ({ task }) => {
    const headers = await peer.ask<Record<string, string>[]>('sign_requests', {
      seed: seeds.user,
      bodies,
    });
    expect(bodies.map((body, index) => facilitatorAccepts(body, headers[index]!))).toEqual(all(count, true));
    const later = headers.map((header) => ({
      ...header,
      'X-CH-Timestamp-NS': String(BigInt(header['X-CH-Timestamp-NS']!) + 1n),
    }));
    const foreign = headers.map((header) => ({ ...header, 'X-CH-Signatory': miner.address }));
    expect(changedBodies.map((body, index) => facilitatorAccepts(body, headers[index]!))).toEqual(
      all(count, false),
    );
    for (const tampered of [later, foreign])
      expect(bodies.map((body, index) => facilitatorAccepts(body, tampered[index]!))).toEqual(
        all(count, false),
      );
    for (const [index, body] of parsed.entries()) {
      const job = newJob(
        '00000000-0000-4000-8000-000000000001',
        readJobRequest(body),
        requiredSignature(lowerCased(headers[index]!)),
      );
      expect(await jobSignatureProblem(job, anyone)).toBeNull();
      const other = make(NewJob, { ...job, args: [...job.args, 'more'] });
      expect(await jobSignatureProblem(other, anyone)).toBe('Bad signature');
    }
    task.meta.count = count;
  });

  it('signed here, verified as the Python facilitator and the Python validator do', async ({ task }) => {
    const stamp = 1_795_326_418_837_946_486n;
    const signatures = payloads.map((payload) => signRequest(user, stamp, payload));
    const headers = signatures.map((signature) => ({
      'X-CH-Signature-Type': 'bittensor',
      'X-CH-Signatory': user.address,
      'X-CH-Timestamp-NS': String(stamp),
      'X-CH-Signature': signature,
      'X-CH-Signature-Scope': 'SignedFields',
    }));
    expect(await peer.ask('verify_requests', { bodies, headers })).toEqual(all(count, true));
    expect(await peer.ask('verify_requests', { bodies: changedBodies, headers })).toEqual(all(count, false));
    const jobs = parsed.map((body, index) =>
      newJob(
        '00000000-0000-4000-8000-000000000001',
        readJobRequest(body),
        requiredSignature(lowerCased(headers[index]!)),
      ),
    );
    const frames = jobs.map((job) => {
      const json = toJson(job);
      if (generation === 'old') json.delete('job_namespace');
      return writeCompact(json);
    });
    expect(await peer.ask('verify_jobs', { frames })).toEqual(all(count, true));
    const tampered = frames.map((frame) => frame.replace('"use_gpu":true', '"use_gpu":false'));
    expect(await peer.ask('verify_jobs', { frames: tampered })).toEqual(all(count, false));
    task.meta.count = count;
  });

  it('reports of cheated jobs', async ({ task }) => {
    const reports = Array.from({ length: count }, (_, index) =>
      make(JobCheated, {
        job_uuid: '11111111-1111-4111-8111-111111111111',
        trusted_job_uuid: '22222222-2222-4222-8222-222222222222',
        details: toJsonValue({ reason: `é ${index}`, share: index / 7, seen: 2n ** 60n }),
      }),
    );
    const json = (report: JobCheated) =>
      writeCompact(new Map([...toJson(report)].filter(([key]) => /_uuid$|^details$/.test(key))));
    const bodies = reports.map(json);
    const headers = await peer.ask<Record<string, string>[]>('sign_reports', {
      seed: seeds.user,
      bodies,
    });
    for (const [index, report] of reports.entries()) {
      report.signature = requiredSignature(lowerCased(headers[index]!));
      expect(await cheatReportProblem(report, anyone)).toBeNull();
      const other = make(JobCheated, { ...report, details: null });
      expect(await cheatReportProblem(other, anyone)).toBe('Bad signature');
    }
    if (generation === 'new') {
      for (const report of reports)
        report.signature = make(RequestSignature, {
          signature_type: 'bittensor',
          signatory: user.address,
          timestamp_ns: 1_795_326_418_837_946_486n,
          signature: signRequest(user, 1_795_326_418_837_946_486n, cheatReportPayloads(report)[0]!),
          signature_scope: 'FullRequest',
        });
      expect(await peer.ask('verify_jobs', { frames: reports.map(writeFrame) })).toEqual(all(count, true));
      const tampered = reports.map((report) => writeFrame(make(JobCheated, { ...report, details: [] })));
      expect(await peer.ask('verify_jobs', { frames: tampered })).toEqual(all(count, false));
    }
    task.meta.count = count;
  });
}
