import { parseJson, writeCompact } from '@horde/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ScriptedValidator } from '@horde/testing/facilitator-validator/scripted-validator';
import {
  startFacilitator,
  type RunningFacilitator,
} from '../../apps/facilitator/src/testing/running-facilitator.ts';
import { ask, type Answer } from '../../apps/facilitator/src/testing/user.ts';
import { conversationsOf, framesOf, type PlayedFrame } from './conversations.ts';
import { recordedExchanges, type RecordedExchange } from './recordings.ts';

const exchanges = recordedExchanges();
const link = conversationsOf('facilitator-validator');
const framesIn = (scenario: string) => framesOf(link.get(scenario)!);
const login = framesIn('*').find(({ from }) => from === 'validator')!.text;
const created = exchanges.filter(({ step }) => step === 'create');

/** The recorded user signs as the recorded validator's hotkey. */
const { signatory } = framesIn('hello')[0]!.says.signature as { signatory: string };

let facilitator: RunningFacilitator;
let validator: ScriptedValidator;
let token: string;

beforeAll(async () => {
  // The signatures are as old as the recording.
  facilitator = await startFacilitator([signatory], { signatureExpireDuration: 1_000_000_000 });
  token = await facilitator.allow(signatory);
  validator = await ScriptedValidator.connect(facilitator.url);
});
afterAll(() => facilitator.stop());

/** The recorded request, with a login of this run. */
const repeat = ({ request }: RecordedExchange, path = request.path): Promise<Answer> =>
  ask(`${facilitator.url}${path}`, {
    method: request.method,
    headers: { ...request.headers, Authorization: `Bearer ${token}` },
    ...(request.body && { body: request.body }),
  });

const compact = (frame: string): string => writeCompact(parseJson(frame));

/** A job as its user sees it, without what differs from run to run. */
function settled(body: string): Record<string, unknown> {
  const times = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z/g;
  const { uuid: _uuid, ...job } = JSON.parse(body.replaceAll(times, '(time)')) as Record<string, unknown>;
  return job;
}

/** The recorded facilitator stores a result after its status: who asks between the two sees a completed job without it. */
const resultOf = (scenario: string) =>
  framesIn(scenario).at(-1)!.says.metadata.miner_response as { upload_results: Record<string, string> };
const late: Record<string, object> = {
  upload_put: { upload_results: resultOf('upload_put').upload_results },
};

const updatesIn = (frames: PlayedFrame[]) => frames.filter(({ from }) => from === 'validator');

it('the recorded validator logs in with its recorded frame, and its heartbeat is not answered', async () => {
  validator.sendText(login);
  const answer = framesIn('*').find(({ from }) => from === 'facilitator')!.text;
  expect(await validator.nextText()).toBe(compact(answer));
  validator.sendText(framesIn('*').at(-1)!.text);
  expect(await validator.settle()).toEqual([]);
});

describe('the recorded user and the recorded validator see of a job what they saw', () => {
  it('in all of the recorded scenarios', () => {
    expect(created.map(({ scenario }) => scenario)).toEqual([...link.keys()].filter((name) => name !== '*'));
  });

  it.each(created)('$scenario', async (creation) => {
    const frames = framesIn(creation.scenario);
    const recorded = JSON.parse(creation.response.body) as { uuid: string };

    const answer = await repeat(creation);
    expect(answer.status).toBe(creation.response.status);
    expect(Object.keys(answer.json as object)).toEqual(Object.keys(recorded));
    expect(settled(answer.text)).toEqual(settled(creation.response.body));

    const { uuid } = answer.json as { uuid: string };
    const [job] = frames;
    expect(job!.from).toBe('facilitator');
    expect(compact((await validator.nextText()).replace(uuid, recorded.uuid))).toBe(compact(job!.text));

    for (const { text } of updatesIn(frames)) {
      validator.sendText(text.replace(recorded.uuid, uuid));
      expect(await validator.nextText()).toBe('{"status":"success","errors":[]}');
    }

    const lastGet = exchanges.find(
      ({ scenario, step }) => scenario === creation.scenario && step === 'last get',
    )!;
    const found = await repeat(lastGet, lastGet.request.path.replace(recorded.uuid, uuid));
    expect(settled(found.text)).toEqual({ ...settled(lastGet.response.body), ...late[creation.scenario] });
  });
});

it('the recorded creation once more is the same job, since its signature is', async () => {
  const [hello] = created;
  const [first, second] = [await repeat(hello!), await repeat(hello!)];
  expect(second!.json.uuid).toBe(first!.json.uuid);
});
