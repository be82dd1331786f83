import { signRequest, type Keypair } from '@horde/identity';
import {
  parseJson,
  signedFieldsPayload,
  writePython,
  writePythonSorted,
  type JsonObject,
} from '@horde/protocol';
import { readJobRequest, signedFieldsOfRequest } from '../jobs/job-request.ts';

export interface Answer {
  status: number;
  headers: Headers;
  text: string;
  // oxlint-disable-next-line typescript/no-explicit-any -- specs look into answers of every form
  json: any;
}

export async function ask(url: string, init: RequestInit = {}): Promise<Answer> {
  const response = await fetch(url, init);
  const text = await response.text();
  let json: unknown = null;
  try {
    json = JSON.parse(text);
  } catch {
    // not every answer is JSON; specs look at its text then
  }
  return { status: response.status, headers: response.headers, text, json };
}

export async function nonceOf(url: string): Promise<string> {
  return (await ask(`${url}/auth/nonce`)).json.nonce as string;
}

export const postJson = (url: string, body: unknown, headers: Record<string, string> = {}): Promise<Answer> =>
  ask(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });

/** A login's body. */
export const loginBody = (keypair: Keypair, nonce: string, more: object = {}) => ({
  hotkey: keypair.address,
  signature: keypair.signHex(nonce).slice(2),
  nonce,
  ...more,
});

export async function tokenOf(url: string, keypair: Keypair): Promise<string> {
  return (await postJson(`${url}/auth/login`, loginBody(keypair, await nonceOf(url)))).json.token as string;
}

export const jobBody = (validator: string, more: object = {}) => ({
  target_validator_hotkey: validator,
  executor_class: 'always_on.test',
  docker_image: 'alpine',
  job_namespace: 'SN1.0',
  args: ['echo', 'hi'],
  env: { A: '1' },
  use_gpu: true,
  artifacts_dir: '/artifacts',
  on_trusted_miner: false,
  download_time_limit: 1,
  execution_time_limit: 2,
  streaming_start_time_limit: 3,
  upload_time_limit: 4,
  ...more,
});

/** The headers of a signature over a body; over nothing of use when the body cannot be signed. */
export function signatureHeaders(
  keypair: Keypair,
  text: string,
  timestamp = BigInt(Date.now()) * 1_000_000n + 1n,
): Record<string, string> {
  return {
    'x-ch-signature-type': 'bittensor',
    'x-ch-signatory': keypair.address,
    'x-ch-timestamp-ns': String(timestamp),
    'x-ch-signature': signRequest(keypair, timestamp, payloadOf(text)),
    'x-ch-signature-scope': 'SignedFields',
  };
}

/** The headers of a signature over a whole body, as ComputeHorde's SDK makes it; over its text alone: `once`. */
export function fullRequestHeaders(
  keypair: Keypair,
  text: string,
  encoding: 'once' | 'twice' = 'twice',
): Record<string, string> {
  const timestamp = BigInt(Date.now()) * 1_000_000n;
  const sorted = writePythonSorted(parseJson(text));
  const payload = Buffer.from(encoding === 'once' ? sorted : writePython(sorted));
  return {
    'x-ch-signature-type': 'bittensor',
    'x-ch-signatory': keypair.address,
    'x-ch-timestamp-ns': String(timestamp),
    'x-ch-signature': signRequest(keypair, timestamp, payload),
    'x-ch-signature-scope': 'FullRequest',
  };
}

function payloadOf(text: string): Uint8Array {
  try {
    const body = parseJson(text) as JsonObject;
    return signedFieldsPayload(signedFieldsOfRequest(readJobRequest(body), body));
  } catch {
    return Buffer.from(text);
  }
}
