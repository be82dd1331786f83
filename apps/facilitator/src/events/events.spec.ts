import { Keypair } from '@horde/identity';
import { JobProgress, JobWait, make, writeFrame } from '@horde/protocol';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { EventReader, type SentEvent } from '@horde/testing/event-reader';
import { ScriptedValidator } from '@horde/testing/facilitator-validator/scripted-validator';
import { ValidatorSync } from '../validators/validator-sync.ts';
import { startFacilitator, type RunningFacilitator } from '../testing/running-facilitator.ts';
import { ask, jobBody, postJson, signatureHeaders, tokenOf } from '../testing/user.ts';
import { EventStreams } from './event-streams.ts';

const key = Keypair.generate();
let facilitator: RunningFacilitator;
let replica: RunningFacilitator;
let validator: ScriptedValidator;
let token: string;
let uuid: string;
let timestamp = BigInt(Date.now()) * 1_000_000n;

beforeAll(async () => {
  facilitator = await startFacilitator([key.address]);
  const { url: databaseUrl } = facilitator.database.dataSource.options as { url: string };
  replica = await startFacilitator([key.address], { databaseUrl });
  token = await tokenOf(facilitator.url, facilitator.user);
  validator = await ScriptedValidator.logIn(facilitator.url, key, {}, ['progress-1']);
});
afterAll(async () => {
  await replica.stop();
  await facilitator.stop();
});
beforeEach(async () => {
  uuid = await create();
  await validator.nextJob();
});

async function create(): Promise<string> {
  const text = JSON.stringify(jobBody(key.address));
  const headers = {
    authorization: `Bearer ${token}`,
    ...signatureHeaders(facilitator.user, text, timestamp++),
  };
  return (await postJson(`${facilitator.url}/api/v1/job-docker/`, text, headers)).json.uuid as string;
}

const path = (job = uuid) => `/api/v1/jobs/${job}/events/`;
const open = (after?: string, at = facilitator) => EventReader.open(at.url + path(), token, after);
const shown = (events: SentEvent[]) =>
  events.map(({ event, data }) => `${event} ${data.status ?? data.text}`);
const completed = (stdout: string, stderr = '') => ({
  miner_response: {
    docker_process_stdout: stdout,
    docker_process_stderr: stderr,
    artifacts: {},
    upload_results: {},
  },
});
const printed = (events: SentEvent[], stream: string) =>
  events.filter(({ event, data }) => event === 'output' && data.stream === stream);

describe('a stream that was opened before its job moved', () => {
  it('tells each status when it is stored, then what the job has printed, and ends', async () => {
    const stream = await open();
    expect(stream.response.headers['content-type']).toBe('text/event-stream');
    expect(shown([(await stream.next())!])).toEqual(['status sent']);
    for (const status of ['received', 'accepted', 'executor_ready']) {
      await validator.update(uuid, status);
      expect(shown([(await stream.next())!])).toEqual([`status ${status}`]);
    }
    await validator.update(uuid, 'completed', completed('h\0i é😀\n', 'oh\n'));
    const last = await stream.until('end');
    expect(last.map(({ event, data }) => ({ event, data }))).toEqual([
      { event: 'status', data: { status: 'completed', created_at: expect.any(String), metadata: {} } },
      { event: 'output', data: { stream: 'stdout', offset: 0, text: 'h\0i é😀\n' } },
      { event: 'output', data: { stream: 'stderr', offset: 0, text: 'oh\n' } },
      { event: 'end', data: { status: 'completed' } },
    ]);
    expect(await stream.next()).toBeUndefined();
  });

  it('at one replica tells what another one stores', async () => {
    const stream = await open(undefined, replica);
    await stream.next();
    await validator.update(uuid, 'received');
    expect(shown([(await stream.next())!])).toEqual(['status received']);
    stream.close();
  });
});

describe('waits and transfers', () => {
  const busy = { waits_for: 'Nobody has room.', since: '2026-01-01T00:00:00Z', until: null };
  const wait = (more: object = {}) => make(JobWait, { job_uuid: uuid, ...busy, ...more });
  const pull = (done: number, more: object = {}) =>
    make(JobProgress, { job_uuid: uuid, stage: 'pull', name: 'alpine', done, total: 9, ...more });
  const say = (from: ScriptedValidator, ...messages: object[]) => {
    for (const message of messages) from.sendText(writeFrame(message));
  };

  it('are told as they come, waits in their order and of a transfer the newest, to late readers, too', async () => {
    const stream = await open();
    await stream.next();
    say(validator, wait(), wait(), pull(1), pull(2), pull(3, { name: 'a\0 "b"', total: null }));
    const first = [await stream.next(), await stream.next(), await stream.next()] as SentEvent[];
    expect(first.map(({ event, data }) => [event, data])).toEqual([
      ['wait', busy],
      ['progress', { stage: 'pull', name: 'alpine', done: 2, total: 9 }],
      ['progress', { stage: 'pull', name: 'a\0 "b"', done: 3, total: null }],
    ]);
    // What was said already is not told again.
    say(validator, wait(), pull(9));
    const second = (await stream.next())!;
    expect(second.data).toMatchObject({ name: 'alpine', done: 9 });
    say(validator, wait({ waits_for: null, since: null }));
    const third = (await stream.next())!;
    expect(third.data).toEqual({ waits_for: null, since: null, until: null });
    stream.close();
    await validator.update(uuid, 'completed', completed(''));
    const told = async (after?: string) => (await (await open(after)).until('end')).slice(0, -1);
    expect((await told()).map(({ event, data }) => data.status ?? data.done ?? event)).toEqual([
      'sent',
      'wait',
      3,
      9,
      'wait',
      'completed',
    ]);
    expect((await told(second.id)).map(({ event }) => event)).toEqual(['wait', 'status']);
    expect((await told(third.id)).map(({ event }) => event)).toEqual(['status']);
  });

  it('are taken from the validator of the job alone, where that was agreed on, and until its end', async () => {
    const stranger = Keypair.generate();
    facilitator.chain.hotkeys.push(stranger.address);
    await facilitator.app.get(ValidatorSync).sync();
    say(await ScriptedValidator.logIn(facilitator.url, stranger, {}, ['progress-1']), wait(), pull(1));
    const stream = await open();
    say(validator, pull(2), pull(3, { job_uuid: 'none' }));
    expect((await stream.until('progress')).map(({ data }) => data.status ?? data.done)).toEqual(['sent', 2]);
    await validator.update(uuid, 'completed', completed(''));
    say(validator, pull(9));
    const other = await create();
    await validator.nextJob();
    say(validator, pull(4, { job_uuid: other }));
    const ofOther = await EventReader.open(facilitator.url + path(other), token);
    await ofOther.until('progress');
    ofOther.close();
    expect((await (await open()).until('end')).map(({ data }) => data.done ?? data.status)).toEqual([
      'sent',
      2,
      'completed',
      'completed',
    ]);
  });
});

describe('the stream of a job that has ended', () => {
  const text = 'a "line"\twith é, 😀 and \\u00e9\n'.repeat(40_000);

  it('tells everything once, a long output in pieces, and from any event on what follows it', async () => {
    await validator.update(uuid, 'received');
    await validator.update(uuid, 'completed', completed(text, text.slice(0, 100_000)));
    const events = await (await open()).until('end');
    expect(shown(events.slice(0, 3))).toEqual(['status sent', 'status received', 'status completed']);
    for (const [stream, whole] of [
      ['stdout', text],
      ['stderr', text.slice(0, 100_000)],
    ] as const) {
      const pieces = printed(events, stream);
      expect(pieces.map(({ data }) => data.text).join('') === whole).toBe(true);
      let offset = 0;
      for (const { data } of pieces) {
        expect(data.offset).toBe(offset);
        offset += Buffer.byteLength(data.text);
      }
    }
    expect(printed(events, 'stdout').length).toBeGreaterThan(3);
    const seen = [1, 3, 5, events.length - 2, events.length - 1];
    for (const at of seen) {
      const rest = await (await open(events[at]!.id)).until('end');
      expect(rest.length).toBe(Math.max(1, events.length - 1 - at));
      expect(rest).toEqual(events.slice(-rest.length));
    }
  });

  it('tells what a job that failed has printed', async () => {
    const failure = {
      reason: 'nonzero_return_code',
      stage: 'execution',
      message: 'm',
      docker_process_exit_status: 3,
      docker_process_stdout: text,
      docker_process_stderr: '\0',
    };
    await validator.update(uuid, 'failed', { job_failure_details: failure });
    const events = await (await open()).until('end');
    expect(events[1]!.data.metadata.job_failure_details.docker_process_exit_status).toBe(3);
    expect(
      printed(events, 'stdout')
        .map(({ data }) => data.text)
        .join('') === text,
    ).toBe(true);
    expect(printed(events, 'stderr').map(({ data }) => data.text)).toEqual(['\0']);
    expect(events.at(-1)!.data).toEqual({ status: 'failed' });
  });

  it('waits for a reader that does not read', async () => {
    await validator.update(uuid, 'completed', completed(''));
    await facilitator.database.manager.query(
      `update job_status set stdout = convert_to('"' || repeat('x', 14000000) || '"', 'UTF8')
       where job_uuid = $1 and stdout is not null`,
      [uuid],
    );
    const query = vi.spyOn(facilitator.database.manager, 'query');
    const slices = () => query.mock.calls.filter(([sql]) => sql.includes('substr')).length;
    const stream = await open();
    // So much fits into the system's buffers; then nothing more is read from the database.
    let before = -1;
    await expect.poll(() => before === (before = slices()), { interval: 300 }).toBe(true);
    expect(before).toBeLessThan(50);
    const events = await stream.until('end');
    expect(printed(events, 'stdout').reduce((sum, { data }) => sum + data.text.length, 0)).toBe(14_000_000);
    expect(slices()).toBeGreaterThan(50);
    query.mockRestore();
  });

  it('is cut when its reader reads nothing for long, and goes on where that was', async () => {
    const printed = 'x'.repeat(900_000);
    await validator.update(uuid, 'completed', completed(printed.repeat(10), printed.repeat(10)));
    const patience = new AbortController();
    const timeout = vi.spyOn(AbortSignal, 'timeout').mockReturnValue(patience.signal);
    const stalled = await open();
    let before = -1;
    const isStill = () => before === (before = timeout.mock.calls.length) && before > 0;
    await expect.poll(isStill, { interval: 300 }).toBe(true);
    expect(timeout).toHaveBeenCalledWith(120_000);
    timeout.mockRestore();
    patience.abort();
    const seen: SentEvent[] = [];
    for (let event; (event = await stalled.next());) seen.push(event);
    expect(seen.at(-1)!.event).not.toBe('end');
    const rest = await (await open(seen.at(-1)!.id)).until('end');
    expect(printed.length * 20).toBe(
      [...seen, ...rest].reduce((sum, { data }) => sum + (data.text ?? '').length, 0),
    );
  });
});

describe('a stream is refused', () => {
  const refused = async (url: string, headers: Record<string, string> = {}) => {
    const { status, json } = await ask(url, { headers: { authorization: `Bearer ${token}`, ...headers } });
    return { status, json };
  };

  it('of a job of somebody else, of none, without a token, and behind what is no event', async () => {
    const noJob = { status: 404, json: { detail: 'No Job matches the given query.' } };
    const stranger = await facilitator.allow(Keypair.generate().address);
    const url = facilitator.url + path();
    expect(await refused(url, { authorization: `Bearer ${stranger}` })).toEqual(noJob);
    expect(await refused(facilitator.url + path(crypto.randomUUID()))).toEqual(noJob);
    expect(await refused(`${url}?token=${token}`, { authorization: '' })).toMatchObject({ status: 401 });
    for (const id of [
      '1',
      '-1-0-0-0',
      `${'9'.repeat(19)}-0-0-0`,
      '1-1-1-1e9',
      "1-1-1-1' or true --",
      '1-1-1-1-1',
    ])
      expect(await refused(url, { 'last-event-id': id })).toMatchObject({ status: 400 });
    expect(await refused(facilitator.url + path('none'))).toEqual({
      status: 404,
      json: { detail: 'Not found.' },
    });
  });

  it('when the hotkey has fifty, at whatever replica, until one is closed', async () => {
    const streams = await Promise.all(
      Array.from({ length: 50 }, (_, at) => open(undefined, at % 2 ? facilitator : replica)),
    );
    expect(streams.map(({ status }) => status)).toEqual(streams.map(() => 200));
    for (const { url } of [facilitator, replica])
      expect(await refused(url + path())).toEqual({
        status: 429,
        json: [expect.stringMatching(/^This hotkey has 50 streams of events open/)],
      });
    const other = await facilitator.allow(Keypair.generate().address);
    expect(await refused(facilitator.url + path(), { authorization: `Bearer ${other}` })).toMatchObject({
      status: 404,
    });
    streams[0]!.close();
    await expect
      .poll(async () => {
        const again = await open();
        again.close();
        return again.status;
      })
      .toBe(200);
    for (const stream of streams) stream.close();
  });
});

describe('an open stream ends, saying why,', () => {
  it('when its token has ended', async () => {
    const stream = await open();
    await stream.next();
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 3_700_000 });
    await facilitator.app
      .get(EventStreams)
      .checkLogins()
      .finally(() => vi.useRealTimers());
    expect(await stream.next()).toEqual({
      id: undefined,
      event: 'refused',
      data: { status: 401, detail: 'Token expired.' },
    });
    expect(await stream.next()).toBeUndefined();
  });

  it('when its hotkey was taken off the whitelist', async () => {
    const { user, database, app } = facilitator;
    const stream = await open();
    await stream.next();
    await database.manager.query('delete from hotkey_whitelist where ss58_address = $1', [user.address]);
    await app.get(EventStreams).checkLogins();
    await facilitator.allow(user.address);
    expect((await stream.next())!.data).toEqual({ status: 401, detail: 'Unauthorized hotkey.' });
    expect(await stream.next()).toBeUndefined();
  });
});
