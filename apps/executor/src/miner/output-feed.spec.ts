import { describe, expect, it } from 'vitest';
import { OutputFeed, type OutputPiece } from './output-feed.ts';

const shown = ({ stream, bytes, missed }: OutputPiece) =>
  `${missed > 0 ? `(${missed} missed) ` : ''}${stream}: ${bytes.toString()}`;

async function all(feed: OutputFeed): Promise<string[]> {
  const pieces: string[] = [];
  for await (const piece of feed.follow()) pieces.push(shown(piece));
  return pieces;
}

describe('what a job prints, for whoever follows it', () => {
  it('comes in the order of both streams, at once, until the job ends', async () => {
    const feed = new OutputFeed();
    const follower = feed.follow();
    const first = follower.next();
    feed.write('stdout', Buffer.from('one'));
    expect(shown((await first).value!)).toBe('stdout: one');
    feed.write('stderr', Buffer.from('two'));
    feed.write('stdout', Buffer.from('three'));
    expect(shown((await follower.next()).value!)).toBe('stderr: two');
    expect(shown((await follower.next()).value!)).toBe('stdout: three');
    const last = follower.next();
    feed.end();
    expect(await last).toEqual({ done: true, value: undefined });
  });

  it('is there for those who come late, as far as it is kept', async () => {
    const feed = new OutputFeed(8);
    feed.write('stdout', Buffer.from('0123'));
    feed.write('stderr', Buffer.from('4567'));
    feed.write('stdout', Buffer.from('89'));
    feed.end();
    expect(await all(feed)).toEqual(['(2 missed) stdout: 23', 'stderr: 4567', 'stdout: 89']);
  });

  it('is lost to those who are slow, who learn how much it was; others miss nothing', async () => {
    const feed = new OutputFeed(4);
    const [slow, fast] = [feed.follow(), feed.follow()];
    const pieces: string[] = [];
    for (const text of ['ab', 'cdef', 'ghijklm']) {
      feed.write('stdout', Buffer.from(text));
      pieces.push(shown((await fast.next()).value!));
    }
    expect(pieces).toEqual(['stdout: ab', 'stdout: cdef', '(3 missed) stdout: jklm']);
    expect(shown((await slow.next()).value!)).toBe('(9 missed) stdout: jklm');
  });

  it('says where in its stream each piece is', async () => {
    const feed = new OutputFeed(8);
    for (const text of ['0123', '4567', '89']) {
      feed.write('stdout', Buffer.from(text));
      feed.write('stderr', Buffer.from('x'));
    }
    feed.end();
    const offsets: (string | number)[][] = [];
    for await (const { stream, offset, bytes } of feed.follow())
      offsets.push([stream, offset, bytes.toString()]);
    expect(offsets).toEqual([
      ['stdout', 4, '4567'],
      ['stderr', 1, 'x'],
      ['stdout', 8, '89'],
      ['stderr', 2, 'x'],
    ]);
  });

  it('is a copy: the memory of a chunk is used again', async () => {
    const feed = new OutputFeed();
    const chunk = Buffer.from('first');
    feed.write('stdout', chunk);
    chunk.write('other');
    feed.end();
    expect(await all(feed)).toEqual(['stdout: first']);
  });

  it('takes no more memory than its limits, however it comes', async () => {
    const feed = new OutputFeed(64 * 1024);
    for (let at = 0; at < 50_000; at++) feed.write(at % 2 ? 'stdout' : 'stderr', Buffer.from('x'));
    feed.end();
    const pieces = await all(feed);
    expect(pieces.length).toBeGreaterThanOrEqual(4096);
    expect(pieces.length).toBeLessThanOrEqual(8192);
    expect(pieces[0]).toMatch(new RegExp(`^\\(${50_000 - pieces.length} missed\\) std(out|err): x$`));
  });
});
