import { Keypair, verify, verifyRequest } from '@horde/identity';
import { parseJson, signedFieldsPayload, type JsonObject, type SignedFields } from '@horde/protocol';
import {
  httpUpload,
  httpVolume,
  HordeClient,
  zipUrlVolume,
  zipVolume,
  type CreateOptions,
  type HordeClientError,
  type InputVolume,
  type JobSpec,
  type OutputVolume,
} from '@horde/sdk';
import { ScriptedFacilitator, type Answer } from '@horde/testing/user-facilitator/scripted-facilitator';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lines, recordedExchanges, type RecordedExchange } from './recordings.ts';

interface Outcome {
  scenario: string;
  end: string;
  history: string[];
  stdout: string;
  error?: { reason: string; message: string };
  artifacts: Record<string, [contents: string, length: number]>;
}
interface Probe {
  probe: string;
  status: number;
  body: string;
}
type Transfer = { relative_path: string } & Record<string, never>;

const exchanges = recordedExchanges();
const [nonce, login, ...about] = exchanges;
const outcomes = lines<Outcome>('outcomes.jsonl');
const uuid = '11111111-1111-4111-8111-111111111111';
/** As ComputeHorde's framework answers where there is nothing. */
const nothing: Answer = [404, '<!doctype html><h1>Not Found</h1>'];
const nobodysJobs: Answer = [200, '{"count":0,"next":null,"previous":null,"results":[]}'];

let facilitator: ScriptedFacilitator;
let client: HordeClient;
let hotkey: Keypair;

beforeEach(async () => {
  facilitator = await ScriptedFacilitator.start();
  hotkey = Keypair.generate();
  const { hotkey: validatorHotkey } = JSON.parse(login!.request.body) as { hotkey: string };
  client = new HordeClient({ facilitatorUrl: facilitator.url, hotkey, validatorHotkey });
});
afterEach(async () => {
  client.close();
  await facilitator.stop();
});

const lineOf = ({ request: { method, path } }: RecordedExchange) => `${method} ${path}`;
const answerOf = ({ response: { status, body } }: RecordedExchange): Answer => [status, body];

it('the SDK logs in at the recorded facilitator with what the recorded user sent, and has its token', async () => {
  facilitator
    .on(lineOf(nonce!), answerOf(nonce!))
    .on(lineOf(login!), answerOf(login!))
    .on('*', nobodysJobs);
  await client.listJobs();
  const [asked, loggedIn, listed] = facilitator.seen;
  expect([asked!.line, asked!.body]).toEqual([lineOf(nonce!), nonce!.request.body]);
  const said = JSON.parse(loggedIn!.body) as { nonce: string; signature: string };
  const recorded = JSON.parse(login!.request.body) as { nonce: string };
  expect(loggedIn!.line).toBe(lineOf(login!));
  expect(Object.keys(said)).toEqual(Object.keys(recorded));
  expect(said).toMatchObject({ hotkey: hotkey.address, nonce: recorded.nonce });
  expect(said.signature).toMatch(/^[0-9a-f]{128}$/);
  expect(verify(Buffer.from(said.nonce), Buffer.from(said.signature, 'hex'), hotkey.address)).toBe(true);
  const { token } = JSON.parse(login!.response.body) as { token: string };
  expect(listed!.headers.authorization).toBe(`Bearer ${token}`);
});

describe('a job that the recorded user created, the SDK creates with the same request, and it ends as it ended', () => {
  const created = about.filter(({ step }) => step === 'create');

  it('in all of the recorded scenarios', () => {
    expect(created).toHaveLength(16);
  });

  it.each(created)('$scenario', async (creation) => {
    const lastGet = about.find(
      ({ scenario, step }) => scenario === creation.scenario && step === 'last get',
    )!;
    facilitator
      .on(lineOf(creation), answerOf(creation))
      .on(`${lineOf(lastGet)}events/`, nothing)
      .on(lineOf(lastGet), answerOf(lastGet));
    const { spec, options } = jobIn(creation.request.body);
    const job = await client.createJob(spec, options);
    const statuses: string[] = [];
    await job.wait({ onStatus: ({ status }) => statuses.push(status) });

    expect(facilitator.lines).toEqual([lineOf(creation), `${lineOf(lastGet)}events/`, lineOf(lastGet)]);
    expect(facilitator.seen[0]!.body).toBe(creation.request.body);
    expectHeaders(facilitator.seen[0]!.headers, creation);
    expectHeaders(facilitator.seen[2]!.headers, lastGet);

    const outcome = outcomes.find(({ scenario }) => scenario === creation.scenario)!;
    expect(statuses).toEqual(outcome.history);
    expect([job.status, job.result?.stdout]).toEqual([outcome.end, outcome.stdout]);
    const artifacts = [...job.result!.artifacts].map(([path, contents]) => [path, contents.toString()]);
    expect(artifacts).toEqual(Object.entries(outcome.artifacts).map(([path, [contents]]) => [path, contents]));
    // What the user saw of one upload was nothing: he had asked between its status and its result.
    const uploads = creation.scenario.startsWith('upload_p') ? ['/output/r.txt'] : [];
    expect([...job.result!.uploadResults.keys()]).toEqual(uploads);
    const { reason, message } = outcome.error ?? {};
    expect([job.error?.reason, job.error?.message]).toEqual([reason, message]);
  });

  /** The same headers, but for two that name the network, which nobody reads, and the key of a creation. */
  function expectHeaders(sent: Record<string, unknown>, { request }: RecordedExchange): void {
    const recorded = new Map(Object.entries(request.headers).map(([name, value]) => [name.toLowerCase(), value]));
    expect([...recorded.keys()].filter((name) => !(name in sent))).toEqual(['realm', 'subnetid']);
    const own = (name: string) => name.startsWith('x-ch-') || name.startsWith('idempotency');
    const key = request.method === 'POST' ? ['idempotency-key'] : [];
    expect(Object.keys(sent).filter((name) => own(name) && !recorded.has(name))).toEqual(key);
    for (const name of ['content-type', 'x-ch-signature-type', 'x-ch-signature-scope'])
      expect(sent[name]).toBe(recorded.get(name));
    if (!recorded.has('x-ch-signature')) return;
    const time = BigInt(sent['x-ch-timestamp-ns'] as string);
    const signature = sent['x-ch-signature'] as string;
    expect(verifyRequest(hotkey.address, time, payloadOf(request.body), signature)).toBe(true);
    expect(sent['x-ch-signatory']).toBe(hotkey.address);
  }
});

describe('what the recorded facilitator refuses is an error that says so in its words', () => {
  // Those with 500 are tried again, as ComputeHorde's SDK does; of the longest bodies the end was not recorded.
  const isWhole = ({ probe, body }: Probe) => !probe.startsWith('feedback') && !/^\{.*[^}]$/s.test(body);
  const refusals = lines<Probe>('rest-errors.jsonl').filter(
    (line) => line.status >= 400 && line.status !== 500 && isWhole(line),
  );
  const calls: [RegExp, string, () => Promise<unknown>][] = [
    [/^nonce/, 'GET /auth/nonce', () => client.login()],
    [/^login/, 'POST /auth/login', () => client.login()],
    [/^create/, 'POST /api/v1/job-docker/', () => client.createJob(jobIn(about[0]!.request.body).spec)],
    [/^cheated/, 'POST /api/v1/cheated-job/', () => client.reportCheatedJob(uuid, uuid)],
    [/^job /, `GET /api/v1/jobs/${uuid}/`, () => client.getJob(uuid)],
    [/./, 'GET /api/v1/jobs/?page=1&page_size=10', () => client.getJobs()],
  ];

  it.each(refusals)('$probe: $status', async ({ probe, status, body }) => {
    const [, line, call] = calls.find(([names]) => names.test(probe))!;
    const isPage = body.startsWith('(');
    const answer: Answer = [status, isPage ? '<!doctype html><h1>no</h1>' : body];
    facilitator.on(line, answer, answer).on('*', nobodysJobs);
    const error = (await call().catch((thrown: unknown) => thrown)) as HordeClientError;
    expect(error).toMatchObject({ code: codeOf(probe, status), status, hint: expect.stringMatching(/\w/) });
    expect(error.message).not.toMatch(/[<{]/);
    if (!isPage) for (const sentence of sentencesIn(JSON.parse(body))) expect(error.message).toContain(sentence);
  });

  function codeOf(probe: string, status: number): string {
    if (probe === 'create unknown validator') return 'NO_VALIDATOR';
    if (probe === 'login not allowed') return 'NOT_ALLOWED';
    // Where nobody can log in there is no facilitator.
    if (probe === 'nonce slash') return 'BAD_ANSWER';
    return { 401: 'NOT_ALLOWED', 404: 'NOT_FOUND', 405: 'NOT_SUPPORTED' }[status] ?? 'REFUSED';
  }

  /** What a person is told; of a transfer's problem its sentence alone. */
  function sentencesIn(json: unknown): string[] {
    if (typeof json === 'string') return [json];
    const { msg } = json as { msg?: string };
    return msg ? [msg] : Object.values(json as object).flatMap(sentencesIn);
  }
});

/** What is signed for a body. */
function payloadOf(body: string): Uint8Array {
  const { streaming_details: streaming, ...fields } = Object.fromEntries(parseJson(body) as JsonObject);
  const publicKey = (streaming as JsonObject | undefined)?.get('public_key');
  return signedFieldsPayload({
    volumes: [],
    uploads: [],
    ...fields,
    streaming_details: publicKey === undefined ? null : { public_key: publicKey, executor_ip: null },
  } as unknown as SignedFields);
}

/** What somebody gives the SDK for the job of a recorded body. */
function jobIn(body: string): { spec: JobSpec; options: CreateOptions } {
  const fields = JSON.parse(body) as Record<string, never>;
  const at = <T>(root: string, make: (transfer: Transfer) => T, list: Transfer[] = []) =>
    new Map(list.map((transfer) => [`${root}${transfer.relative_path}`, make(transfer)]));
  const publicKey = (fields['streaming_details'] as { public_key: string } | undefined)?.public_key;
  const spec: JobSpec = {
    executorClass: fields['executor_class']!,
    jobNamespace: fields['job_namespace']!,
    dockerImage: fields['docker_image']!,
    args: fields['args'],
    env: fields['env'],
    artifactsDir: fields['artifacts_dir'],
    inputVolumes: at('/volume/', volumeOf, fields['volumes']),
    outputVolumes: at('/output/', uploadOf, fields['uploads']),
    downloadTimeLimit: fields['download_time_limit']!,
    executionTimeLimit: fields['execution_time_limit']!,
    uploadTimeLimit: fields['upload_time_limit']!,
    streaming: publicKey !== undefined,
    streamingStartTimeLimit: fields['streaming_start_time_limit'],
  };
  const certificate = publicKey === undefined ? undefined : { certificate: publicKey, key: '' };
  return { spec, options: { onTrustedMiner: fields['on_trusted_miner'], certificate } };
}

function volumeOf({ volume_type: type, contents, url }: Transfer): InputVolume {
  if (type === 'inline') return zipVolume(Buffer.from(contents!, 'base64'));
  return type === 'zip_url' ? zipUrlVolume(contents!) : httpVolume(url!);
}

function uploadOf({ output_upload_type: type, url, form_fields, signed_headers }: Transfer): OutputVolume {
  const method = type === 'single_file_post' ? 'POST' : 'PUT';
  return httpUpload(url!, { method, formFields: form_fields, signedHeaders: signed_headers ?? undefined });
}
