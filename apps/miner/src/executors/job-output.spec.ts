import { JobFinished, JobOutput, JobOutputRequest, JobProgress, make, writeFrame } from '@horde/protocol';
import { OutputReceiver, OutputSender, type Extension } from '@horde/transport';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DurablePeer } from '@horde/testing/durable-peer';
import { MemoryOutput } from '@horde/testing/memory-output';
import { PrintedOutput } from '@horde/testing/printed-output';
import { RecordingManager } from '@horde/testing/recording-manager';
import { MinerUnderTest } from '../testing/miner.ts';

let miner: MinerUnderTest;

beforeAll(async () => {
  miner = await MinerUnderTest.start(new RecordingManager({ 'always_on.test': 100 }));
});
afterAll(() => miner.close());

/** A job of a validator that speaks these extensions, and its executor. */
async function started(extensions?: Extension[]) {
  const validator = await miner.validator();
  const connection = await validator.durable(extensions);
  const request = validator.signed(validator.initial());
  const { job_uuid } = request;
  if (extensions && !extensions.includes('durable-1')) await connection.plain(request);
  else await connection.message(job_uuid, 1, request);
  await connection.nextFrame('V0AcceptJobRequest');
  const executor = await miner.durable(await miner.manager.token(job_uuid));
  await executor.nextFrame('V0InitialJobRequest');
  return { validator, connection, job_uuid, executor };
}

const output = (job_uuid: string, offset: number, text: string) =>
  make(JobOutput, { job_uuid, stream: 'stdout', offset, text });
const finished = (job_uuid: string) =>
  make(JobFinished, { job_uuid, docker_process_stdout: 'all', docker_process_stderr: '' });

/** A job whose validator asks for its output; what it has stored, and its next connections. */
async function asked() {
  const all = ['durable-1', 'logs-1', 'logs-2'] as const;
  const { validator, connection, job_uuid, executor: without } = await started([...all]);
  const stored = new MemoryOutput();
  /** The streams that the miner has all of. */
  const acknowledged = new Set<string>();
  /** Asks for what is not stored yet, on a connection of its own. */
  const ask = async (peer: DurablePeer, sink = stored) => {
    const receiver = new OutputReceiver({
      sink,
      send: (request) => void peer.plain(request),
      onError: () => {},
    });
    peer.onOutput = (chunk) => expect(receiver.take(chunk)).toBe(null);
    void peer.connection.closed.then(() => receiver.close());
    for (const stream of ['stdout', 'stderr'] as const)
      receiver.follow(job_uuid, sink.position(job_uuid, stream));
    await peer.settled();
  };
  await ask(connection);
  await without.vanish();
  const token = await miner.manager.token(job_uuid);
  /** The executor, which has printed this. */
  const executor = async (printed: PrintedOutput) => {
    const peer = await miner.durable(token, all);
    const sender = new OutputSender(
      printed,
      (chunk) => peer.plain(chunk),
      () => {},
    );
    peer.onOutputRequest = (request) => {
      if (request.credit === 0) acknowledged.add(request.stream);
      sender.request(request);
    };
    printed.onPrinted = () => sender.ring(null);
    await peer.resume(job_uuid, 1);
    return peer;
  };
  return { validator, connection, job_uuid, stored, acknowledged, ask, executor };
}

it('how far a transfer is is passed on to a validator that wants to know, and to no other', async () => {
  for (const [extensions, wants] of [
    [['durable-1', 'progress-1'], true],
    [['durable-1'], false],
  ] as const) {
    const { connection, job_uuid, executor } = await started([...extensions]);
    const progress = make(JobProgress, { job_uuid, stage: 'download', name: 'data', done: 1, total: null });
    await executor.plain(progress);
    await executor.message(job_uuid, 1, finished(job_uuid));
    const heard = await connection.next(
      ({ is, ...one }) => is === 'message' || ('frame' in one && one.frame.message_type === 'V0JobProgress'),
    );
    expect(heard.is).toBe(wants ? 'plain' : 'message');
    await connection.vanish();
  }
});

describe('what a job prints, asked for by its validator', () => {
  it('is stored, and passed on, complete and once, while executor, miner and validator come and go', async () => {
    const { validator, connection, job_uuid, stored, acknowledged, ask, executor } = await asked();
    const printed = new PrintedOutput();
    const first = await executor(printed);
    printed.print('one ');
    await expect.poll(() => stored.text(job_uuid, 'stdout')).toBe('one ');
    await connection.vanish();
    printed.print('two ');
    await expect
      .poll(() => miner.query('select received from job_output where received > 4'))
      .toHaveLength(1);
    await first.vanish();
    printed.print('three ');
    await miner.stop();
    await miner.boot();
    const second = await executor(printed);
    const back = await validator.durable(['durable-1', 'logs-2']);
    await ask(back);
    await expect.poll(() => stored.text(job_uuid, 'stdout')).toBe('one two three ');
    await back.vanish();
    printed.print('four');
    printed.end();
    await expect.poll(() => acknowledged.size).toBe(2);
    await second.message(job_uuid, 1, finished(job_uuid));
    await second.acknowledged(1);
    await second.vanish();
    await ask(await validator.durable(['durable-1', 'logs-2']));
    await expect.poll(() => stored.position(job_uuid, 'stdout').ended).toBe(true);
    await expect.poll(() => stored.position(job_uuid, 'stderr').ended).toBe(true);
    expect(stored.text(job_uuid, 'stdout')).toBe('one two three four');
    expect(stored.gaps).toEqual([]);
    const kept = 'select stream from job_output_part where job_uuid = $1';
    await expect.poll(() => miner.query(kept, job_uuid)).toEqual([]);
  });

  it('ends where its executor is gone, and is nobody else’s', async () => {
    const { job_uuid, stored, executor } = await asked();
    const printed = new PrintedOutput();
    const peer = await executor(printed);
    printed.print('some');
    await expect.poll(() => stored.text(job_uuid, 'stdout')).toBe('some');
    const stranger = await (await miner.validator()).durable(['durable-1', 'logs-2']);
    const request = { job_uuid, stream: 'stdout' as const, offset: 0, credit: 100 };
    await stranger.plain(make(JobOutputRequest, request));
    expect((await stranger.nextFrame('GenericError'))['details']).toMatch(/^job_uuid: /);
    await peer.message(job_uuid, 1, finished(job_uuid));
    await peer.acknowledged(1);
    await peer.vanish();
    miner.manager.exit(await miner.manager.token(job_uuid), 0);
    await expect.poll(() => stored.position(job_uuid, 'stdout').ended).toBe(true);
    expect(stored.text(job_uuid, 'stdout')).toBe('some');
  });
});

describe('what a job prints', () => {
  it.each([[undefined], [['logs-1' as const]]])(
    'reaches its validator while it runs, word for word, on connections with %j',
    async (extensions) => {
      const { connection, job_uuid, executor } = await started(extensions);
      await executor.plain(output(job_uuid, 0, 'ŻÓŁW 😀\n'));
      const { raw } = await connection.nextFrame('V0JobOutput');
      expect(raw).toBe(writeFrame(output(job_uuid, 0, 'ŻÓŁW 😀\n')));
    },
  );

  it('is not sent to a validator that has not asked for it', async () => {
    const { connection, job_uuid, executor } = await started(['durable-1']);
    await executor.plain(output(job_uuid, 0, 'hello'));
    await executor.message(job_uuid, 1, finished(job_uuid));
    await connection.nextFrame('V0JobFinishedRequest');
    await connection.settled();
    expect(
      connection.heard.flatMap((heard) => ('frame' in heard ? [heard.frame.message_type] : [])),
    ).not.toContain('V0JobOutput');
  });

  it('is refused when it is another job’s, or in pieces that are too large', async () => {
    const { connection, job_uuid, executor } = await started();
    const other = await started();
    await executor.plain(output(other.job_uuid, 0, 'forged'));
    expect((await executor.nextFrame('GenericError'))['details']).toMatch(/not the job of this token/);
    await executor.plain(output(job_uuid, 0, 'x'.repeat(300_000)));
    expect((await executor.nextFrame('GenericError'))['details']).toMatch(/^text: .*at most/);
    await executor.plain(output(job_uuid, 0, 'good'));
    expect(await connection.nextFrame('V0JobOutput')).toMatchObject({ text: 'good' });
    expect(other.connection.types()).toEqual(['V0AcceptJobRequest']);
  });

  it('is dropped for a validator that cannot keep up, and its result is not', async () => {
    const { connection, job_uuid, executor } = await started();
    connection.connection.hold();
    const piece = 'x'.repeat(200_000);
    const pieces = 100;
    for (let i = 0; i < pieces; i++) await executor.plain(output(job_uuid, i * piece.length, piece));
    await executor.message(job_uuid, 1, finished(job_uuid));
    await executor.acknowledged(1);
    connection.connection.trust();
    await connection.nextFrame('V0JobFinishedRequest');
    const arrived = connection.heard.filter(
      (heard) => heard.is === 'plain' && heard.frame.message_type === 'V0JobOutput',
    );
    expect(arrived.length).toBeGreaterThan(0);
    expect(arrived.length).toBeLessThan(pieces);
  });
});
