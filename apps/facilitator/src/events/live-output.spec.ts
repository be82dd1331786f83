import { Keypair } from '@horde/identity';
import { keptOutput, maxOutput, maxOutputCredit, writeFrame } from '@horde/protocol';
import { OutputSender } from '@horde/transport';
import { EventReader, type SentEvent } from '@horde/testing/event-reader';
import { ScriptedValidator } from '@horde/testing/facilitator-validator/scripted-validator';
import { PrintedOutput } from '@horde/testing/printed-output';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { OutputStore } from '../output/output-store.ts';
import { startFacilitator, type RunningFacilitator } from '../testing/running-facilitator.ts';
import { jobBody, postJson, signatureHeaders, tokenOf } from '../testing/user.ts';

const key = Keypair.generate();
let facilitator: RunningFacilitator;
let replica: RunningFacilitator;
let validator: ScriptedValidator;
let token: string;
let uuid: string;
let printed: PrintedOutput;

beforeAll(async () => {
  facilitator = await startFacilitator([key.address]);
  const { url: databaseUrl } = facilitator.database.dataSource.options as { url: string };
  replica = await startFacilitator([key.address], { databaseUrl });
  token = await tokenOf(facilitator.url, facilitator.user);
});
afterAll(async () => {
  await replica.stop();
  await facilitator.stop();
});
beforeEach(async () => {
  printed = new PrintedOutput();
  await comeBack();
  const text = JSON.stringify(jobBody(key.address));
  const headers = {
    authorization: `Bearer ${token}`,
    ...signatureHeaders(facilitator.user, text),
  };
  uuid = (await postJson(`${facilitator.url}/api/v1/job-docker/`, text, headers)).json.uuid as string;
  await validator.nextJob();
});

/** The validator's next connection. */
async function comeBack(at = facilitator) {
  const next = await ScriptedValidator.logIn(at.url, key, {}, ['logs-2']);
  const sender = new OutputSender(
    printed,
    async (chunk) => {
      next.sendText(writeFrame(chunk));
      return true;
    },
    () => undefined,
  );
  next.onOutputRequest = (request) => sender.request(request);
  printed.onPrinted = () => sender.ring(null);
  validator = next;
}

const open = (at = facilitator, after?: string) =>
  EventReader.open(`${at.url}/api/v1/jobs/${uuid}/events/`, token, after);
const data = (events: SentEvent[]) => events.map(({ event, data }) => ({ event, ...data }));
const completed = (docker_process_stdout: string) => ({
  miner_response: { docker_process_stdout, docker_process_stderr: '', artifacts: {}, upload_results: {} },
});

describe("a running job's output", () => {
  it('comes while it runs, at all replicas, across connections of its validator, and to late readers, each byte once', async () => {
    const readers = [await open(), await open(replica)];
    for (const reader of readers) await reader.next();
    const told = async (...expected: object[]) => {
      for (const reader of readers)
        for (const one of expected) expect(data([(await reader.next())!])).toEqual([one]);
    };
    printed.print('count 1\n');
    await told({ event: 'output', stream: 'stdout', offset: 0, text: 'count 1\n' });
    await validator.leave();
    printed.print(Buffer.from([0xf0, 0x9f]));
    await comeBack(replica);
    await expect
      .poll(() => facilitator.database.manager.query('select 1 from job_output where received = 10'))
      .toHaveLength(1);
    printed.print(Buffer.from([0x98, 0x80]));
    await told({ event: 'output', stream: 'stdout', offset: 8, text: '😀' });
    printed.print(Buffer.from([0xff, 0x41]));
    await told({ event: 'output', stream: 'stdout', offset: 12, base64: '/0E=' });
    await validator.update(uuid, 'received');
    await validator.update(uuid, 'completed', completed('count 1\n😀\uFFFDA!'));
    for (const reader of readers) expect(data(await reader.until('status')).at(-1)!.status).toBe('received');
    printed.print('!');
    printed.end();
    for (const reader of readers) {
      const [status, output, end, ...more] = data(await reader.until('end'));
      expect([status!.status, output, end, more]).toEqual([
        'completed',
        { event: 'output', stream: 'stdout', offset: 14, text: '!' },
        { event: 'end', status: 'completed' },
        [],
      ]);
    }
    const late = await (await open()).until('end');
    expect(data(late).filter(({ event }) => event === 'output')).toEqual([
      { event: 'output', stream: 'stdout', offset: 0, base64: expect.any(String) },
    ]);
    const output = late.at(-2)!;
    expect(Buffer.from(output.data.base64, 'base64').subarray(0, 12).toString()).toBe('count 1\n😀');
    expect(data(await (await open(replica, output.id)).until('end'))).toEqual([
      { event: 'end', status: 'completed' },
    ]);
  });

  it('that is more than is kept has its two ends, and a gap between them with its offsets', async () => {
    const total = keptOutput.first + keptOutput.last + 300_000;
    printed.print(Buffer.alloc(total, 'x'));
    printed.end();
    await validator.update(uuid, 'completed', completed('x'));
    const events = data(await (await open(replica)).until('end'));
    const [first, last] = ['first', 'last'].map(() => ({ from: Infinity, to: 0 }));
    const gap = events.find(({ event }) => event === 'gap')!;
    for (const { event, offset, text } of events) {
      if (event !== 'output') continue;
      const half = offset < gap.from ? first! : last!;
      half.from = Math.min(half.from, offset);
      expect(offset).toBe(Math.max(half.from, half.to));
      half.to = offset + text.length;
    }
    expect([first, gap, last]).toEqual([
      { from: 0, to: gap.from },
      { event: 'gap', stream: 'stdout', from: gap.from, to: gap.to },
      { from: gap.to, to: total },
    ]);
    expect(gap.from).toBeGreaterThanOrEqual(keptOutput.first);
    expect(gap.to).toBeLessThanOrEqual(total - keptOutput.last);
  });

  it('is told whole where its last piece is stored while it is found out whether all has come', async () => {
    const reader = await open();
    printed.print('first\n');
    expect(data(await reader.until('output')).at(-1)).toMatchObject({ text: 'first\n' });
    const store = facilitator.app.get(OutputStore);
    const isComplete = store.isComplete.bind(store);
    const asked = vi.spyOn(store, 'isComplete').mockImplementationOnce(async (job) => {
      printed.print('last\n');
      printed.end();
      await expect
        .poll(() =>
          facilitator.database.manager.query('select 1 from job_output where job_uuid = $1 and not ended', [
            job,
          ]),
        )
        .toEqual([]);
      return isComplete(job);
    });
    await validator.update(uuid, 'completed', completed('first\nlast\n'));
    expect(data(await reader.until('end'))).toEqual([
      expect.objectContaining({ event: 'status', status: 'completed' }),
      { event: 'output', stream: 'stdout', offset: 6, text: 'last\n' },
      { event: 'end', status: 'completed' },
    ]);
    asked.mockRestore();
  });

  it('that was not asked for, comes again, or cannot be, changes nothing; what follows comes', async () => {
    const reader = await open();
    await reader.next();
    printed.print('first\n');
    expect(data([(await reader.next())!])).toMatchObject([{ offset: 0, text: 'first\n' }]);
    const say = (more: object) =>
      validator.sendText(
        JSON.stringify({ message_type: 'V0JobOutputChunk', job_uuid: uuid, stream: 'stdout', ...more }),
      );
    const bytes = (text: string) => Buffer.from(text).toString('base64');
    say({ offset: 0, data: bytes('again') });
    say({ offset: 3, data: bytes('over it') });
    say({ offset: 6, data: bytes('x'.repeat(maxOutputCredit + 1)) });
    say({ offset: 6, data: '%%%' });
    say({ offset: 6, data: bytes('x'), job_uuid: crypto.randomUUID() });
    say({ offset: 6, data: bytes('x'), job_uuid: uuid.toUpperCase() });
    say({ offset: -1, data: bytes('x') });
    say({ offset: 1e15, data: bytes('x') });
    say({ offset: 6, data: 'A'.repeat(2 * maxOutputCredit) });
    const answers = await validator.settle();
    expect(answers.map(({ status }) => status)).toEqual(Array(3).fill('error'));
    printed.print('second\n');
    expect(data([(await reader.next())!])).toMatchObject([{ offset: 6, text: 'second\n' }]);
    const far = maxOutput - 10;
    say({ offset: far, data: bytes('far') });
    expect(data([(await reader.next())!])).toMatchObject([{ event: 'gap', from: 13, to: far }]);
    const last = (await reader.next())!;
    expect(data([last])).toMatchObject([{ offset: far, text: 'far' }]);
    expect((await open(replica, last.id)).status).toBe(200);
    reader.close();
  });

  it('comes from the result where its miner does not send it', async () => {
    printed.end();
    await validator.update(uuid, 'completed', completed('all of it'));
    const events = data(await (await open()).until('end'));
    expect(events.slice(-2)).toEqual([
      { event: 'output', stream: 'stdout', offset: 0, text: 'all of it' },
      { event: 'end', status: 'completed' },
    ]);
  });
});
