import { randomUUID } from 'node:crypto';
import { Keypair } from '@horde/identity';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startFacilitator, type RunningFacilitator } from '../testing/running-facilitator.ts';
import { storeJobs } from '../testing/stored-jobs.ts';
import { ask, fullRequestHeaders, signatureHeaders, type Answer } from '../testing/user.ts';

let facilitator: RunningFacilitator;
let token: string;
let job: string;
const query = <T>(sql: string, ...values: unknown[]) => facilitator.database.manager.query<T[]>(sql, values);

/** A job of this hotkey. */
async function jobOf(hotkey: string): Promise<string> {
  await storeJobs(query, { hotkey, validator: Keypair.generate().address, count: 1 });
  const [row] = await query<{ uuid: string }>('select uuid from job where hotkey = $1', hotkey);
  return row!.uuid;
}

beforeAll(async () => void (facilitator = await startFacilitator([])));
afterAll(() => facilitator.stop());
beforeEach(async () => {
  await query('delete from job');
  token = await facilitator.allow(facilitator.user.address);
  job = await jobOf(facilitator.user.address);
});

const urlOf = (uuid: string, more = '') => `${facilitator.url}/api/v1/jobs/${uuid}/feedback/${more}`;
const read = (uuid = job, more = '') =>
  ask(urlOf(uuid, more), { headers: { authorization: `Bearer ${token}` } });

interface Sent {
  uuid?: string;
  method?: string;
  headers?: Record<string, string>;
}

function leave(body: object | string, { uuid = job, method = 'POST', headers }: Sent = {}): Promise<Answer> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const signed = headers ?? fullRequestHeaders(facilitator.user, text);
  const all = { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...signed };
  return ask(urlOf(uuid), { method, headers: all, body: text });
}

describe('feedback of a user', () => {
  it.each(['POST', 'PUT'])('is stored by %s, once, and can be read', async (method) => {
    const text = '{"result_correctness":1,"expected_duration":2.5}';
    const left = await leave(text, { method });
    expect([left.status, left.text]).toEqual([201, '{"result_correctness":1.0,"expected_duration":2.5}']);
    for (const answer of [await read(), await read(job, 'x/')])
      expect([answer.status, answer.text]).toEqual([200, left.text]);
    const again = await leave({ result_correctness: 0 });
    expect([again.status, again.json]).toEqual([409, { error: 'Feedback already exists' }]);
    expect((await read()).text).toBe(left.text);
  });

  it('goes with its job', async () => {
    await leave({ result_correctness: '0.5' });
    await query('delete from job');
    expect(await query('select from job_feedback')).toEqual([]);
  });

  it('needs a signature over all of it, in either encoding, before anything is looked up', async () => {
    const text = '{"result_correctness":0.5}';
    const { user } = facilitator;
    for (const uuid of [job, randomUUID()]) {
      const { status, json } = await leave(text, { uuid, headers: {} });
      expect([status, json.error]).toEqual([400, 'Signature not found']);
    }
    for (const headers of [
      fullRequestHeaders(user, '{"result_correctness":1.0}'),
      signatureHeaders(user, text),
      fullRequestHeaders(Keypair.generate(), text),
    ]) {
      const { status, json } = await leave(text, { headers });
      expect([status, json.error]).toEqual([400, 'Invalid signature provided']);
    }
    expect((await leave(text, { headers: fullRequestHeaders(user, text, 'once') })).status).toBe(201);
  });

  it('is neither left nor read for a job of somebody else, or for none', async () => {
    const foreign = await jobOf(Keypair.generate().address);
    for (const uuid of [foreign, randomUUID(), 'x']) {
      const answers = [await leave({ result_correctness: 1 }, { uuid }), await read(uuid)];
      for (const { status, json } of answers) {
        expect(status).toBe(404);
        expect(json.detail).toBe(uuid === 'x' ? 'Not found.' : 'No Job matches the given query.');
      }
    }
    expect(await query('select from job_feedback')).toEqual([]);
  });

  it('that is not there is 404, and so is a path without its slash', async () => {
    const none = await read();
    expect([none.status, none.json.detail]).toEqual([404, 'No JobFeedback matches the given query.']);
    const method = 'POST';
    expect((await ask(urlOf(job).slice(0, -1), { method })).status).toBe(404);
    expect((await ask(urlOf(job), { method: 'DELETE' })).status).toBe(405);
  });

  it.each<[string, object]>([
    ['{}', { result_correctness: ['This field is required.'] }],
    ['{"result_correctness":1.5}', { result_correctness: ['Ensure this value is less than or equal to 1.'] }],
    ['{"result_correctness":"x"}', { result_correctness: ['A valid number is required.'] }],
    ['{"result_correctness":1e999}', { result_correctness: ['A valid number is required.'] }],
    [
      '{"result_correctness":true,"expected_duration":-1}',
      {
        result_correctness: ['A valid number is required.'],
        expected_duration: ['Ensure this value is greater than or equal to 0.'],
      },
    ],
    ['[]', { non_field_errors: ['Invalid data. Expected a dictionary, but got list.'] }],
  ])('%s is refused with what is wrong', async (text, problems) => {
    const { status, json } = await leave(text);
    expect([status, json]).toEqual([400, problems]);
  });
});
