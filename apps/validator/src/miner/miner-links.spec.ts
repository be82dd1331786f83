import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { MinerClient } from './miner-client.ts';
import type { MinerEnd, MinerLink } from './miner-link.ts';
import { MinerLinks } from './miner-links.ts';
import type { JobEnd } from './shared-link.ts';

/** A connection as far as it is looked at here. */
class Link {
  isOpen = true;
  readonly lost = Promise.withResolvers<{ code: number; reason: string }>();
  readonly handled = this.lost.promise;

  constructor(
    readonly isDurable: boolean,
    readonly end: MinerEnd,
  ) {}

  close(): void {
    this.isOpen = false;
  }
}

const miner = { hotkey: 'a', ip: '192.0.2.1', port: 1 };
const { signal } = new AbortController();
let opened: Link[];
let openings: PromiseWithResolvers<void>[];
let isDurable: boolean;
let links: MinerLinks;

beforeEach(() => {
  vi.useFakeTimers();
  [opened, openings, isDurable] = [[], [], true];
  const connect = async (_miner: unknown, end: MinerEnd) => {
    const opening = Promise.withResolvers<void>();
    openings.push(opening);
    await opening.promise;
    const link = new Link(isDurable, end);
    opened.push(link);
    return link as unknown as MinerLink;
  };
  links = new MinerLinks({ connect } as unknown as MinerClient);
});
afterEach(() => vi.useRealTimers());

const end = (job: string): JobEnd => ({
  job,
  onMessage: vi.fn<JobEnd['onMessage']>(async () => true),
  onResume: vi.fn<JobEnd['onResume']>(),
  onOutput: vi.fn<JobEnd['onOutput']>(),
  onChunk: vi.fn<JobEnd['onChunk']>(),
  onProgress: vi.fn<JobEnd['onProgress']>(),
  onLost: vi.fn<JobEnd['onLost']>(),
});
const join = (one: JobEnd, attempts = 1) => links.join(miner, one, { attempts, signal });
/** Lets the openings that are under way succeed, until none is. */
async function open(): Promise<void> {
  await vi.advanceTimersByTimeAsync(0);
  while (openings.length > 0) {
    for (const { resolve } of openings.splice(0)) resolve();
    await vi.advanceTimersByTimeAsync(0);
  }
}

describe('jobs that begin at once', () => {
  it('share the connection to a durable miner', async () => {
    const joining = ['1', '2', '3'].map((job) => join(end(job)));
    await open();
    const [first, ...others] = await Promise.all(joining);
    expect(others).toEqual([first, first]);
    expect(opened).toHaveLength(1);
  });

  it('have one each at a miner of the plain protocol, which is closed with its job', async () => {
    isDurable = false;
    const ends = ['1', '2', '3'].map(end);
    const joining = ends.map((one) => join(one));
    await open();
    const all = await Promise.all(joining);
    expect(new Set(all).size).toBe(3);
    all[1]!.leave(ends[1]!, true);
    expect(opened.map(({ isOpen }) => isOpen).toSorted()).toEqual([false, true, true]);
  });

  it('all hear that the miner cannot be reached, and one that may try again does', async () => {
    const failing = [join(end('1')), join(end('2'))].map((one) => expect(one).rejects.toThrow('away'));
    const patient = join(end('3'), 2);
    await vi.advanceTimersByTimeAsync(0);
    for (const { reject } of openings.splice(0)) reject(new Error('away'));
    await Promise.all(failing);
    vi.useRealTimers(); // a pause takes none of vitest's
    await expect.poll(() => openings).toHaveLength(1);
    openings[0]!.resolve();
    await patient;
    expect(opened).toHaveLength(1);
  });

  it('get their connection although the one that it was opened for is given up', async () => {
    const stop = new AbortController();
    const given = expect(links.join(miner, end('1'), { attempts: 1, signal: stop.signal })).rejects.toThrow(
      'enough',
    );
    const other = join(end('2'));
    await vi.advanceTimersByTimeAsync(0);
    stop.abort(new Error('enough'));
    await given;
    await open();
    expect((await other).isIdle).toBe(false);
    expect(opened).toHaveLength(1);
  });
});

describe('a connection to a durable miner', () => {
  const joined = async (one: JobEnd) => {
    const joining = join(one);
    await open();
    return joining;
  };

  it('waits twenty seconds for the next job, and is closed then', async () => {
    const [one, two] = [end('1'), end('2')];
    const shared = await joined(one);
    shared.leave(one, true);
    await vi.advanceTimersByTimeAsync(19_000);
    expect(await joined(two)).toBe(shared);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(opened[0]!.isOpen).toBe(true);
    shared.leave(two, true);
    await vi.advanceTimersByTimeAsync(20_000);
    expect(opened[0]!.isOpen).toBe(false);
  });

  it('takes no further jobs once one was left before its end, and is closed with the last', async () => {
    const [one, two] = [end('1'), end('2')];
    const shared = await joined(one);
    await joined(two);
    shared.leave(one, false);
    expect(await joined(one)).not.toBe(shared);
    expect(opened).toHaveLength(2);
    shared.leave(two, true);
    expect(opened.map(({ isOpen }) => isOpen)).toEqual([false, true]);
  });

  it('tells each job of its own messages, all of its loss, and nobody of jobs that are not followed', async () => {
    const [one, two] = [end('1'), end('2')];
    await joined(one);
    await joined(two);
    const { onMessage, onResume } = opened[0]!.end.numbered!;
    const message = { message_type: 'V0AcceptJobRequest', job_uuid: '2' } as never;
    expect(await (await onMessage(message, '2', 7))!.committed).toBe(true);
    expect(two.onMessage).toHaveBeenCalledExactlyOnceWith(message, 7, false);
    expect(await (await onMessage(message, '3', 7))!.committed).toBe(false);
    onResume!('1', 3);
    expect(one.onResume).toHaveBeenCalledExactlyOnceWith(3);
    opened[0]!.lost.resolve({ code: 1006, reason: '' });
    await vi.advanceTimersByTimeAsync(0);
    for (const { onLost } of [one, two]) expect(onLost).toHaveBeenCalledOnce();
    expect(one.onMessage).not.toHaveBeenCalled();
  });

  it('that refuses us refuses all its jobs, and is joined by no other', async () => {
    const [one, two] = [end('1'), end('2')];
    await joined(one);
    await joined(two);
    const error = { message_type: 'GenericError', details: 'You are not known here.' } as never;
    await opened[0]!.end.onMessage(error);
    for (const { onMessage } of [one, two])
      expect(onMessage).toHaveBeenCalledExactlyOnceWith(error, null, true);
    await joined(end('3'));
    expect(opened).toHaveLength(2);
  });

  it('tells what the miner offers to one of its jobs, or to the next', async () => {
    const [one, two] = [end('1'), end('2')];
    const shared = await joined(one);
    shared.leave(one, true);
    const manifest = { message_type: 'V0ExecutorManifestRequest', manifest: new Map() } as never;
    await opened[0]!.end.onMessage(manifest);
    await joined(two);
    await joined(one);
    expect(two.onMessage).toHaveBeenCalledExactlyOnceWith(manifest, null, false);
    expect(one.onMessage).not.toHaveBeenCalled();
  });
});
