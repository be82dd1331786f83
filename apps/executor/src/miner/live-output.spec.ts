import { describe, expect, it } from 'vitest';
import { OutputFeed } from './output-feed.ts';
import { LiveOutput } from './live-output.ts';

interface Sent {
  stream: string;
  offset: number;
  text: string;
}

/** A job's output, and what was passed on of it. */
function follow(
  send: () => Promise<unknown> = async () => {},
  listener: () => Promise<unknown> = async () => {},
) {
  const feed = new OutputFeed();
  const sent: Sent[] = [];
  const live = new LiveOutput('a-job', feed, listener, async (frame) => {
    const { message_type, job_uuid, ...rest } = JSON.parse(frame) as Sent & Record<string, unknown>;
    expect([message_type, job_uuid]).toEqual(['V0JobOutput', 'a-job']);
    sent.push(rest);
    await send();
  });
  return { feed, sent, done: live.run() };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('the output of a job that runs', () => {
  it('is passed on at once when it comes after a silence, and gathered while it flows', async () => {
    const { feed, sent, done } = follow();
    feed.write('stdout', Buffer.from('first '));
    await expect.poll(() => sent.length).toBe(1);
    for (let count = 0; count < 50; count++) {
      feed.write(count % 2 ? 'stdout' : 'stderr', Buffer.from(`${count} `));
      await turn();
    }
    feed.end();
    await done;
    expect(sent.length).toBeLessThan(12);
    for (const stream of ['stdout', 'stderr']) {
      const own = sent.filter((one) => one.stream === stream);
      let end = 0;
      for (const { offset, text } of own) {
        expect(offset).toBe(end);
        end += text.length;
      }
    }
  });

  it('comes whole, in frames of a size that every peer takes, with no character cut in two', async () => {
    const { feed, sent, done } = follow();
    const text = '€uro 😀 '.repeat(10_000);
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length; at += 777) feed.write('stdout', bytes.subarray(at, at + 777));
    feed.end();
    await done;
    expect(sent.map((one) => one.text).join('')).toBe(text);
    expect(Math.max(...sent.map((one) => one.text.length))).toBeLessThanOrEqual(16 * 1024);
  });

  it('has gaps that its offsets tell when the miner is slow, and neither the job nor memory pays for it', async () => {
    const taken = Promise.withResolvers<void>();
    const { feed, sent, done } = follow(() => taken.promise);
    const line = Buffer.from('0123456789abcdef');
    for (let count = 0; count < 100_000; count++) feed.write('stdout', line);
    await turn();
    expect(sent).toHaveLength(1);
    feed.end();
    taken.resolve();
    await done;
    const last = sent.at(-1)!;
    expect(last.offset + last.text.length).toBe(1_600_000);
    const passedOn = sent.reduce((sum, { text }) => sum + text.length, 0);
    expect(passedOn).toBeLessThan(800_000);
    for (const { offset, text } of sent) expect(text[0]).toBe('0123456789abcdef'[offset % 16]);
  });

  it('waits for a miner that listens, and then begins with the oldest that is there', async () => {
    const listens = Promise.withResolvers<void>();
    const { feed, sent, done } = follow(undefined, () => listens.promise);
    feed.write('stderr', Buffer.from('early '));
    await turn();
    expect(sent).toEqual([]);
    listens.resolve();
    feed.write('stderr', Buffer.from('late'));
    feed.end();
    await done;
    expect(sent.map(({ text }) => text).join('')).toBe('early late');
  });

  it('is not passed on faster than some megabytes a second', async () => {
    const { feed, done } = follow();
    const chunk = Buffer.alloc(256 * 1024, 'a');
    const started = performance.now();
    for (let count = 0; count < 6; count++) {
      feed.write('stdout', chunk);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    feed.end();
    await done;
    expect(performance.now() - started).toBeGreaterThan(95);
  });
});
