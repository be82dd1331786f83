import { randomUUID } from 'node:crypto';
import { signRequest, type Keypair } from '@horde/identity';
import { JobCheated, make, readObject, RequestSignature, writePythonSorted } from '@horde/protocol';

/** A user's report, signed as the reference's SDK says it. */
export function cheatReport(signer: Keypair, job_uuid: string = randomUUID(), why = 'a NUL: \0'): JobCheated {
  const fields = { job_uuid, trusted_job_uuid: randomUUID(), details: new Map([['why', why]]) };
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
}
