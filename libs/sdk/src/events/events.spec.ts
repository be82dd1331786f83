import { once } from 'node:events';
import { Keypair } from '@horde/identity';
import {
  eventStream,
  eventText,
  jobText,
  scriptedUuid,
  ScriptedFacilitator,
  statusEntry,
  type Answer,
} from '@horde/testing/user-facilitator/scripted-facilitator';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HordeClient, type HordeClientError, type Job, type JobEvent } from '../index.ts';

const path = `/api/v1/jobs/${scriptedUuid}/`;
const sent = statusEntry('sent');
const accepted = statusEntry('accepted');
const completed = statusEntry('completed');
const running: Answer = [200, jobText([sent])];
const ended: Answer = [200, jobText([sent, accepted, completed], { stdout: 'hello\n', stderr: 'oh\n' })];
const status = (id: number, entry: object) => eventText(id, 'status', entry);
const output = (id: number, offset: number, text: string) =>
  eventText(id, 'output', { stream: 'stdout', offset, text });

/** Ends a stream after these events, as a facilitator does that stops. */
const cutAfter =
  (...events: string[]): Answer =>
  (response) =>
    void response.writeHead(200, { 'content-type': 'text/event-stream' }).end(events.join(''));

let facilitator: ScriptedFacilitator;
let client: HordeClient;
let job: Job;

beforeEach(async () => {
  facilitator = await ScriptedFacilitator.start();
  const hotkey = Keypair.generate();
  const options = { facilitatorUrl: facilitator.url, hotkey, validatorHotkey: hotkey.address, patience: 1 };
  client = new HordeClient(options);
  facilitator.on('*', running);
  job = await client.getJob(scriptedUuid);
  facilitator.seen.length = 0;
});
afterEach(async () => {
  client.close();
  await facilitator.stop();
});

const answer = (...answers: Answer[]) => facilitator.on(`GET ${path}events/`, ...answers);
const thrown = (work: Promise<unknown>) => work.catch((error: unknown) => error as HordeClientError);

async function collect<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** An event in a few words. */
const brief = (event: JobEvent): string =>
  [event.type, 'status' in event ? event.status : '', event.type === 'output' ? event.text : '']
    .join(' ')
    .trim();

describe('the events of a job', () => {
  it('are told with their types, those that are not known left out, and with the end comes the result', async () => {
    answer(
      eventStream(
        ':\n\n',
        status(1, sent),
        eventText(2, 'wait', { waits_for: 'a miner accepts', since: '2026-01-01T00:00:00Z', until: null }),
        eventText(3, 'progress', { stage: 'pull', name: 'alpine', done: 5, total: null }),
        eventText(4, 'news', { of: 'a later version' }),
        eventText(5, 'progress', { stage: 'pull', done: 'much' }),
        'id: 6\nevent: status\ndata: no JSON\n\n',
        eventText(7, 'output', { stream: 'stderr', offset: 0, base64: '/w==' }),
        eventText(8, 'gap', { stream: 'stderr', from: 1, to: 9 }),
        status(9, completed),
        eventText(10, 'end', { status: 'completed' }),
      ),
    );
    facilitator.on(`GET ${path}`, ended);
    expect(await collect(job.events())).toMatchObject([
      { id: '1', type: 'status', status: 'sent', createdAt: new Date('2026-01-01T00:00:00Z') },
      {
        id: '2',
        type: 'wait',
        waitsFor: 'a miner accepts',
        since: new Date('2026-01-01T00:00:00Z'),
        until: null,
      },
      { id: '3', type: 'progress', stage: 'pull', name: 'alpine', done: 5, total: null },
      { id: '7', type: 'output', stream: 'stderr', offset: 0, bytes: Buffer.from([255]), text: '\ufffd' },
      { id: '8', type: 'gap', stream: 'stderr', from: 1, to: 9 },
      { id: '9', type: 'status', status: 'completed' },
      { id: '10', type: 'end', status: 'completed' },
    ]);
    expect(job.result?.stdout).toBe('hello\n');
  });

  it('go on behind the last one when the connection breaks, and nothing is told twice', async () => {
    answer(
      cutAfter(status(1, sent), output(2, 0, 'one\n')),
      'cut',
      [502, 'bad gateway'],
      cutAfter(status(3, accepted), output(4, 0, 'one\ntwo\n'), output(5, 4, 'two\n')),
      [401, '{"detail":"Token expired."}'],
      eventStream(status(6, accepted), output(7, 8, 'three\n'), eventText(8, 'end', { status: 'completed' })),
    );
    facilitator.on(`GET ${path}`, ended);
    expect((await collect(job.events({ lastEventId: '0' }))).map(brief)).toEqual([
      'status sent',
      'output  one\n'.trim(),
      'status accepted',
      'output  two',
      'output  three',
      'end completed',
    ]);
    expect(facilitator.logins).toBe(2);
    expect(
      facilitator.seen
        .filter(({ line }) => line.endsWith('events/'))
        .map(({ headers }) => headers['last-event-id']),
    ).toEqual(['0', '2', '2', '2', '5', '5']);
  });

  it('end with an error when the facilitator is away for longer than the client is patient', async () => {
    answer(cutAfter(status(1, sent)));
    const told: (string | null)[] = [];
    const events = job.events({ onAway: (why) => told.push(why) });
    expect(await events.next()).toMatchObject({ value: { type: 'status' } });
    await facilitator.stop();
    expect(await thrown(events.next())).toMatchObject({ code: 'UNREACHABLE', retryable: true });
    expect(told).toEqual([expect.stringContaining('does not answer')]);
    facilitator = await ScriptedFacilitator.start();
  });

  it('end with the reason of a signal, and the connection with them; so it does when nobody reads on', async () => {
    const closed: Promise<unknown>[] = [];
    const open: Answer = (response, request) => {
      closed.push(once(response, 'close'));
      return (eventStream(status(1, sent)) as (...all: unknown[]) => unknown)(response, request);
    };
    answer(open, open, open);
    const stop = new AbortController();
    const events = job.events({ signal: stop.signal });
    await events.next();
    stop.abort(new Error('no longer wanted'));
    expect(await thrown(events.next())).toBe(stop.signal.reason);
    for await (const event of job.events()) if (event.type === 'status') break;
    const rest = job.events();
    await rest.next();
    client.close();
    expect(await thrown(rest.next())).toMatchObject({ code: 'CLOSED' });
    expect(await thrown(job.refresh())).toMatchObject({ code: 'CLOSED' });
    await Promise.all(closed);
    expect(closed).toHaveLength(3);
  });
});

describe('from a facilitator without events', () => {
  it.each<[string, Answer]>([
    ['ComputeHorde’s', [404, '<h1>Not Found</h1>']],
    ['one of before', [405, '{"detail":"Method \\"GET\\" not allowed."}']],
    ['one behind a page for everything', [200, '<html>']],
    ['one that has too many streams of this hotkey open', [429, '{"detail":"too many streams"}']],
  ])('(%s) a job is polled: each status once, and its output at the end', async (_name, refusal) => {
    answer(refusal);
    facilitator.on(`GET ${path}`, running, running, ended);
    expect((await collect(job.events())).map(brief)).toEqual([
      'status sent',
      'status accepted',
      'status completed',
      'output  hello',
      'output  oh',
      'end completed',
    ]);
    expect(facilitator.lines).toEqual([`GET ${path}events/`, ...Array<string>(3).fill(`GET ${path}`)]);
    expect(job.result?.stdout).toBe('hello\n');
  });

  it('a job that is not there is an error', async () => {
    answer([404, 'no']);
    facilitator.on(`GET ${path}`, [404, '{"detail":"No Job matches the given query."}']);
    expect(await thrown(collect(job.events()))).toMatchObject({ code: 'NOT_FOUND' });
  });

  it('a status that nobody knows, and an artifact that is no base64, break nothing', async () => {
    answer([404, 'no']);
    const strange = [statusEntry('unknown'), statusEntry('paused'), { ...completed, metadata: null }];
    facilitator.on(
      `GET ${path}`,
      [200, jobText([])],
      [200, jobText(strange, { artifacts: { a: '???' }, upload_results: null })],
    );
    await job.wait();
    expect(job.statusHistory.map(({ status }) => status)).toEqual(['unknown', 'paused', 'completed']);
    expect(job.result).toMatchObject({
      artifacts: new Map([['a', Buffer.alloc(0)]]),
      uploadResults: new Map(),
    });
  });
});

it('the output of a job comes piece by piece while it runs', async () => {
  let more!: (text: string) => void;
  answer((response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    more = (text) => response.write(text);
    more(status(1, sent) + output(2, 0, 'one\n'));
  });
  facilitator.on(`GET ${path}`, ended);
  const pieces = job.output();
  expect((await pieces.next()).value).toMatchObject({ text: 'one\n', offset: 0 });
  more(output(3, 4, 'two\n'));
  expect((await pieces.next()).value).toMatchObject({ text: 'two\n', offset: 4 });
  more(
    eventText(4, 'gap', { stream: 'stdout', from: 8, to: 20 }) + eventText(5, 'end', { status: 'completed' }),
  );
  expect(await collect(pieces)).toMatchObject([{ type: 'gap', from: 8, to: 20 }]);
});

it('a wait hears of each status as it comes, without asking', async () => {
  answer(
    eventStream(
      status(1, sent),
      status(2, accepted),
      status(3, completed),
      eventText(4, 'end', { status: 'completed' }),
    ),
  );
  facilitator.on(`GET ${path}`, ended);
  const statuses: string[] = [];
  await job.wait({ onStatus: ({ status }) => statuses.push(status) });
  expect(statuses).toEqual(['sent', 'accepted', 'completed']);
  expect(facilitator.lines).toEqual([`GET ${path}events/`, `GET ${path}`]);
});

it('a wait on a stream that stays silent ends when its time is over', async () => {
  answer(eventStream(status(1, sent)));
  expect(await thrown(job.wait({ timeout: 0.05 }))).toMatchObject({ code: 'WAIT_TIMEOUT', retryable: true });
});
