import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { PeerClocks } from './peer-clocks.ts';

const start = Date.parse('2026-11-30T10:00:00Z');
let clocks: PeerClocks;
beforeEach(() => {
  vi.useFakeTimers({ now: start, toFake: ['Date', 'performance'] });
  clocks = new PeerClocks();
});
afterEach(() => void vi.useRealTimers());

/** A peer's clock is ahead of this one by so much. @unit seconds */
const hear = (peer: string, ahead: number) => clocks.note(peer, start + ahead * 1_000);

describe('a clock is compared with those of peers', () => {
  it('and is not said to be wrong by one of them alone', () => {
    expect(clocks.verdict()).toBeNull();
    hear('liar', 3_600);
    expect(clocks.verdict()).toEqual({ ahead: 0, peers: [], others: [{ peer: 'liar', ahead: -3_600_000 }] });
    hear('a', 0);
    expect(clocks.verdict()).toMatchObject({ ahead: 0, peers: ['a'], others: [{ peer: 'liar' }] });
  });

  it('nor by half of them, nor where they contradict each other', () => {
    for (const [peer, ahead] of Object.entries({ a: 0, b: 0, x: 3_600, y: 3_600 })) hear(peer, ahead);
    expect(clocks.verdict()).toMatchObject({
      ahead: 0,
      peers: ['a', 'b'],
      others: [{ peer: 'x' }, { peer: 'y' }],
    });
    clocks = new PeerClocks();
    hear('x', 60);
    hear('y', -60);
    expect(clocks.verdict()).toMatchObject({ ahead: 0, peers: [] });
  });

  it('and is wrong by as much as most of them say at least', () => {
    for (const [peer, ahead] of Object.entries({ b: 40, a: 30, liar: -9_000 })) hear(peer, ahead);
    expect(clocks.verdict()).toMatchObject({ ahead: -30_000, peers: ['b', 'a'], others: [{ peer: 'liar' }] });
    for (const [peer, ahead] of Object.entries({ b: -40, a: -30, liar: 9_000 })) hear(peer, ahead);
    expect(clocks.verdict()).toMatchObject({ ahead: 29_000, peers: ['b', 'a'], others: [{ peer: 'liar' }] });
  });

  it('and is right once it was set, whatever was heard before', () => {
    hear('a', 30);
    hear('b', 30);
    expect(clocks.verdict()?.ahead).toBe(-30_000);
    vi.setSystemTime(start + 30_000);
    expect(clocks.verdict()).toEqual({ ahead: 0, peers: ['a', 'b'], others: [] });
  });

  it('but not by what was told an hour ago, or is repeated by somebody else', () => {
    for (const peer of ['a', 'b']) clocks.note(peer, start, { canBeRepeated: true });
    vi.advanceTimersByTime(60_000);
    for (const peer of ['a', 'b']) clocks.note(peer, start, { canBeRepeated: true });
    expect(clocks.verdict()).toEqual({ ahead: 0, peers: ['a', 'b'], others: [] });
    vi.advanceTimersByTime(3_600_000);
    expect(clocks.verdict()).toBeNull();
  });

  it('by answers over HTTP, but for those out of a store, and by the time between question and answer', () => {
    const date = new Date(start).toUTCString();
    const asked = Date.now();
    vi.advanceTimersByTime(20_000);
    for (const host of ['a', 'b']) clocks.noteAnswer(new URL(`http://${host}:1/`), { date }, asked);
    clocks.noteAnswer(new URL('http://c/'), { date, age: '20' }, asked);
    clocks.noteAnswer(new URL('http://d/'), { date: 'yesterday' }, asked);
    clocks.noteAnswer(new URL('http://e/'), {}, asked);
    expect(clocks.verdict()).toEqual({ ahead: 0, peers: ['a', 'b'], others: [] });
  });

  it('and counts as right where it is kept as well as clocks are', () => {
    for (const peer of ['a', 'b']) hear(peer, 2);
    expect(clocks.verdict()).toEqual({ ahead: 0, peers: ['a', 'b'], others: [] });
  });

  it('and remembers no more peers than a subnet has', () => {
    for (let peer = 0; peer < 600; peer++) hear(String(peer), 0);
    expect(clocks.verdict()?.peers).toHaveLength(500);
  });
});
