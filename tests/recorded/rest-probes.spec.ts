import { request as httpRequest } from 'node:http';
import { text } from 'node:stream/consumers';
import { Keypair } from '@horde/identity';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ScriptedValidator } from '@horde/testing/facilitator-validator/scripted-validator';
import { startFacilitator, type RunningFacilitator } from '../../apps/facilitator/src/testing/running-facilitator.ts';
import { loginBody, nonceOf, postJson } from '../../apps/facilitator/src/testing/user.ts';
import { lines } from './recordings.ts';
import { probeNamed, type ProbeRequest, type ProbeWorld } from './rest-probes.ts';

interface Recorded {
  probe: string;
  status: number;
  headers?: Record<string, string>;
  /** Of the longer ones the beginning. */
  body: string | null;
  // What was recorded of a list instead of its body.
  keys?: string[];
  count?: number;
  next?: string | null;
  previous?: string | null;
  len?: number;
}

/** What is answered by what is not built yet. */
const isLater = ({ probe }: Recorded) => probe.startsWith('feedback ');
const recorded = lines<Recorded>('rest-errors.jsonl').filter((line) => !isLater(line));

/** Answers that differ on purpose; docs/compatibility.md says why. */
const exceptions: Record<string, { status: number; body: unknown }> = {
  'login nonce reused': { status: 400, body: { error: 'Invalid nonce' } },
  'login not allowed': {
    status: 400,
    body: { error: 'Hotkey not allowed', details: expect.stringContaining('whitelist_hotkey') },
  },
  'create unknown validator': {
    status: 400,
    body: [expect.stringMatching(/^Could not select Validator: this facilitator knows no validator /)],
  },
  'create limit negative': {
    status: 400,
    body: { execution_time_limit: ['Ensure this value is greater than or equal to 0.'] },
  },
  'create limit huge': {
    status: 400,
    body: { execution_time_limit: ['Ensure this value is less than or equal to 604800.'] },
  },
  'create null artifacts_dir': { status: 201, body: expect.objectContaining({ artifacts_dir: '' }) },
};

/** How many jobs the user of the recording had. */
const recordedJobs = 264;

let facilitator: RunningFacilitator;
let world: ProbeWorld;

beforeAll(async () => {
  const key = Keypair.generate();
  facilitator = await startFacilitator([key.address]);
  const { url, user } = facilitator;
  await ScriptedValidator.logIn(url, key);
  const usedNonce = await nonceOf(url);
  const { json } = await postJson(`${url}/auth/login`, loginBody(user, usedNonce));
  world = {
    url,
    user,
    usedNonce,
    token: (json as { token: string }).token,
    stranger: Keypair.generate(),
    validatorHotkey: key.address,
  };
});
afterAll(() => facilitator.stop());

interface Answer {
  status: number;
  headers: Record<string, unknown>;
  body: string;
}

/** Sends exactly these headers, and follows nothing. */
async function send({ method, path, headers, body }: ProbeRequest): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(`${world.url}${path}`, { method, headers }, (response) => {
      text(response).then(
        (answer) => resolve({ status: response.statusCode!, headers: response.headers, body: answer }),
        reject,
      );
    });
    request.on('error', reject).end(body);
  });
}

const answerTo = async (name: string): Promise<Answer> => send(await probeNamed(name)(world));

/** Brings the user's jobs to the recorded number: one is created, the others are copies of it. */
async function makeJobs(): Promise<void> {
  expect((await answerTo('create tag')).status).toBe(201);
  const { manager } = facilitator.database;
  await manager.query(
    `insert into job select (json_populate_record(job, json_build_object(
       'uuid', gen_random_uuid(), 'creation_key', '\\x' || md5(number::text), 'tag', ''))).*
     from job, generate_series(2, $1) as number`,
    [recordedJobs],
  );
  await manager.query(
    `insert into job_status (job_uuid, status) select uuid, 'sent' from job
     where not exists (select from job_status where job_uuid = uuid)`,
  );
}

/** What differs from run to run, out of the way. */
const settled = (json: string): string =>
  json
    .replaceAll(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, '(uuid)')
    .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z/g, '(time)')
    .replaceAll(/\b5[1-9A-HJ-NP-Za-km-z]{47}\b/g, '(hotkey)');

const recordedUrl = (link: string | null | undefined) => link?.replace('http://localhost:9000', world.url) ?? null;

/** The keys of an answer, to any depth; of a list those of its items. */
function keysOf(json: unknown): unknown {
  if (Array.isArray(json)) return json.map(keysOf);
  if (typeof json !== 'object' || json === null) return null;
  return Object.fromEntries(Object.entries(json).map(([key, value]) => [key, keysOf(value)]));
}

/** Whether somewhere in an answer a person is told something. */
const hasSentence = (json: unknown): boolean =>
  typeof json === 'string' ? /\w \w/.test(json) : Object.values(json ?? {}).some(hasSentence);

function expectList({ body }: Answer, line: Recorded): void {
  const json = JSON.parse(body) as Record<string, unknown> & { results: unknown[] };
  expect(Object.keys(json)).toEqual(line.keys);
  expect(json).toMatchObject({
    count: line.count,
    next: recordedUrl(line.next),
    previous: recordedUrl(line.previous),
  });
  expect(json.results).toHaveLength(line.len!);
}

function expectSuccess({ body }: Answer, { probe, body: recordedBody }: Recorded): void {
  const wanted = recordedBody!;
  const beginsWith = (text: string) => expect(settled(body).slice(0, text.length)).toBe(text);
  if (wanted === '(Prometheus text)') expect(body).toMatch(/^# TYPE \w+ \w+\n\w+ [\d.]+$/m);
  else if (probe === 'nonce' || probe === 'login ok')
    expect(keysOf(JSON.parse(body))).toEqual(keysOf(JSON.parse(wanted)));
  // The recording's user had other jobs.
  else if (probe === 'jobs auth bearer lower')
    beginsWith(wanted.slice(0, wanted.indexOf('"uuid"')).replace('http://localhost:9000', world.url));
  // Whitespace around an argument is signed, so it is kept.
  else if (probe === 'create trim') beginsWith(settled(wanted).replace('["a"]', '[" a "]'));
  else beginsWith(settled(wanted));
}

function expectRefusal({ body }: Answer, { probe, body: wanted }: Recorded): void {
  const json: unknown = JSON.parse(body);
  expect(hasSentence(json)).toBe(true);
  if (wanted === '(HTML page)') return;
  if (wanted!.includes('JSON parse error - '))
    expect(json).toEqual({ detail: expect.stringMatching(/^JSON parse error - ./) });
  else if (!wanted!.includes('"loc"')) expect(body).toBe(wanted);
  else expectTransferProblem(json, probe, wanted!);
}

/** The words of ComputeHorde's validation library are its own; where and what is wrong is the same. */
function expectTransferProblem(json: unknown, probe: string, wanted: string): void {
  const [field] = Object.keys(json as object);
  const [problem, ...more] = (json as Record<string, Record<string, unknown>[]>)[field!]!;
  expect(more, probe).toEqual([]);
  expect(wanted.startsWith(`{"${field}":[{"type":"${String(problem!['type'])}","loc":${JSON.stringify(problem!['loc'])},"msg":`)).toBe(true);
  for (const key of ['type', 'loc', 'msg', 'input', 'ctx']) {
    expect(key in problem!, key).toBe(wanted.includes(`"${key}":`));
  }
  expect(problem!['url']).toBe(`https://errors.pydantic.dev/2.10/v/${String(problem!['type'])}`);
}

function expectHeaders({ headers }: Answer, { status, headers: wanted }: Recorded, request: ProbeRequest): void {
  if (!wanted) return;
  const isPage = wanted['content-type']!.startsWith('text/html');
  const type = isPage ? 'application/json' : wanted['content-type']!.split(';')[0]!;
  if (status !== 301) expect(headers['content-type']).toMatch(new RegExp(`^${type}`));
  expect(headers['www-authenticate']).toBe(wanted['www-authenticate']);
  expect(headers['location']).toBe(wanted['location']);
  if (status === 405 || request.method === 'OPTIONS') expect(headers['allow']).toBe(wanted['allow']);
}

describe("what the recorded facilitator answered to a probe of its REST API, this one answers, too", () => {
  const isList = ({ keys, probe }: Recorded) => keys !== undefined || probe.startsWith('jobs ');
  const lists = recorded.filter(isList);
  const others = recorded.filter((line) => !isList(line));

  it('has all of the probes but those for later', () => {
    expect(recorded).toHaveLength(134 - 4);
  });

  const check = async (line: Recorded) => {
    const request = await probeNamed(line.probe)(world);
    const answer = await send(request);
    const exception = exceptions[line.probe];
    if (exception) {
      expect({ status: answer.status, body: JSON.parse(answer.body) as unknown }).toEqual(exception);
    } else if (line.status === 500) {
      expect(answer.status).toBeGreaterThanOrEqual(400);
      expect(answer.status).toBeLessThan(500);
      expectRefusal(answer, { ...line, body: '(HTML page)' });
    } else {
      expect(answer.status).toBe(line.status);
      expectHeaders(answer, line, request);
      if (line.status >= 400) expectRefusal(answer, line);
      else if (line.keys) expectList(answer, line);
      else if (line.body && line.status === 200 || line.status === 201) expectSuccess(answer, line);
    }
  };

  describe('about a list of jobs', () => {
    beforeAll(makeJobs);
    it.each(lists)('$probe: $status', check);
  });

  describe('about anything else', () => {
    it.each(others)('$probe: $status', check);
  });
});
