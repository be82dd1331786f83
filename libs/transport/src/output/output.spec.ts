import { MemoryOutput } from '@horde/testing/memory-output';
import { PrintedOutput } from '@horde/testing/printed-output';
import { JobOutputChunk, make, maxOutputCredit, type JobOutputRequest } from '@horde/protocol';
import { describe, expect, it } from 'vitest';
import { OutputReceiver, OutputSender } from '../index.ts';

const fail = (error: unknown) => {
  throw error;
};

/** Both ends on one connection, which is cut after so many chunks. */
function connection(source: PrintedOutput, sink: MemoryOutput, chunks = Infinity) {
  const requests: JobOutputRequest[] = [];
  let isOpen = true;
  const sender = new OutputSender(
    source,
    async (chunk) => {
      await new Promise(setImmediate);
      if (chunks-- <= 0) {
        isOpen = false;
        receiver.close();
      }
      if (isOpen) expect(receiver.take(chunk)).toBe(null);
      return isOpen;
    },
    fail,
  );
  const send = (request: JobOutputRequest) => {
    requests.push(request);
    if (isOpen) sender.request(request);
  };
  const receiver = new OutputReceiver({ sink, send, onError: fail });
  receiver.follow('a-job', sink.position('a-job', 'stdout'));
  return { sender, receiver, requests, isOpen: () => isOpen };
}

describe("a job's output on logs-2", () => {
  it('arrives complete, in order, once, however often the connection is cut', async () => {
    const [source, sink] = [new PrintedOutput(), new MemoryOutput()];
    let text = '';
    let { sender, isOpen } = connection(source, sink, 0);
    for (let count = 0; count < 3_000; count++) {
      const line = `${count}\n`;
      text += line;
      source.print(line);
      if (isOpen()) sender.ring('a-job');
      else if (count % 7 === 0) ({ sender, isOpen } = connection(source, sink, count % 5));
      if (count % 50 === 0) await new Promise(setImmediate);
    }
    source.end();
    ({ sender } = connection(source, sink));
    await expect.poll(() => sink.position('a-job', 'stdout').ended).toBe(true);
    expect(sink.text('a-job', 'stdout')).toBe(text);
    expect(sink.gaps).toEqual([]);
  });

  it('is asked for once while a job prints little, and acknowledged at its end', async () => {
    const [source, sink] = [new PrintedOutput(), new MemoryOutput()];
    const { sender, requests } = connection(source, sink);
    for (const line of ['one\n', 'two\n', 'three\n']) {
      source.print(line);
      sender.ring(null);
      await expect.poll(() => sink.text('a-job', 'stdout')).toContain(line);
    }
    source.end();
    sender.ring('a-job');
    await expect
      .poll(() => requests.map(({ offset, credit }) => [offset, credit]))
      .toEqual([
        [0, maxOutputCredit],
        [14, 0],
      ]);
    const { reads } = source;
    sender.ring('a-job');
    expect(source.reads).toBe(reads); // nobody asks for it any more
  });

  it('of a job that prints more than can be passed on lacks a part, which is told, and not its two ends', async () => {
    const [source, sink] = [new PrintedOutput(), new MemoryOutput()];
    const total = 20 * 2 ** 20;
    source.print(Buffer.alloc(total, 'x'));
    source.end();
    connection(source, sink);
    await expect.poll(() => sink.position('a-job', 'stdout').ended).toBe(true);
    expect(sink.gaps).toEqual([[4 * 2 ** 20, total - 4 * 2 ** 20]]);
    expect(sink.text('a-job', 'stdout').length).toBe(8 * 2 ** 20);
  });

  it('is not taken where it was not asked for, comes again or is more than was asked for', async () => {
    const [source, sink] = [new PrintedOutput(), new MemoryOutput()];
    const { receiver } = connection(source, sink);
    const chunk = (offset: number, data: string | Buffer, job_uuid = 'a-job') =>
      make(JobOutputChunk, {
        job_uuid,
        stream: 'stdout',
        offset,
        data: Buffer.from(data).toString('base64'),
        end: false,
      });
    expect(receiver.take(chunk(0, 'x', 'another'))).toMatch(/^job_uuid: /);
    expect(receiver.take(chunk(0, Buffer.alloc(maxOutputCredit + 1)))).toMatch(/^data: /);
    expect(receiver.take(chunk(5, 'abc'))).toBe(null);
    expect(receiver.take(chunk(7, 'c'))).toMatch(/^offset: /);
    await expect.poll(() => sink.text('a-job', 'stdout')).toBe('abc');
  });
});
