import { AcceptJob, ExecutorReady, JobOutputRequest, make, VolumesReady } from '@horde/protocol';
import { OutputReceiver } from '@horde/transport';
import { MemoryOutput } from '@horde/testing/memory-output';
import { DurableMiner } from '@horde/testing/validator-miner/durable-miner';
import { finished } from '@horde/testing/validator-miner/miner-script';
import type { ValidatorMessage } from '@horde/testing/validator-miner/scripted-miner';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Scene } from '../testing/scene.ts';

const scene = new Scene();
const streams = ['stdout', 'stderr'] as const;
let miner: DurableMiner;
let stored: MemoryOutput;
let uuid: string;
let receiver: OutputReceiver;

beforeEach(async () => {
  miner = new DurableMiner(['durable-1', 'cancel-1', 'logs-1', 'logs-2']);
  miner.onTaken = asFarAsItRuns;
  await miner.start();
  stored = new MemoryOutput();
  await facilitatorBack();
});
afterEach(() => miner.stop());

const asFarAsItRuns = (message: ValidatorMessage) => {
  if (!('job_uuid' in message)) return;
  const { message_type: type, job_uuid } = message;
  if (type === 'V0InitialJobRequest')
    miner.send(job_uuid, make(AcceptJob, { job_uuid }), make(ExecutorReady, { job_uuid }));
  if (type === 'V0JobRequest') miner.send(job_uuid, make(VolumesReady, { job_uuid }));
};

/** The facilitator's next life, which speaks `logs-2`. */
async function facilitatorBack() {
  await scene.facilitator.stop();
  scene.facilitator.extensions = ['logs-2'];
  const next = new OutputReceiver({
    sink: stored,
    send: (request) => void scene.facilitator.send(request),
    onError: () => {},
  });
  receiver?.close();
  receiver = next;
  scene.facilitator.onOutput = (chunk) => void next.take(chunk);
  await scene.facilitator.start();
}

const ask = () => {
  for (const stream of streams) receiver.follow(uuid, stored.position(uuid, stream));
};
/** A job whose end the facilitator knows, and the beginning of its output. */
async function completeWithMoreToCome() {
  uuid = await scene.send();
  ask();
  await scene.facilitator.update(uuid, 'volumes_ready');
  miner.printed.print('some ');
  await expect.poll(() => stored.text(uuid, 'stdout')).toBe('some ');
  miner.send(uuid, finished(uuid));
  await scene.facilitator.update(uuid, 'completed');
}
const hasEnded = () => streams.every((stream) => stored.position(uuid, stream).ended);
const parts = () => scene.place.query('select 1 from job_output_part where job_uuid = $1', [uuid]);

describe("a job's output", () => {
  it('reaches the facilitator that asks for it, complete and once, while miner, facilitator and validator come and go', async () => {
    const first = await scene.start(miner.settings);
    uuid = await scene.send();
    ask();
    await scene.facilitator.update(uuid, 'volumes_ready');
    miner.printed.print('one ');
    miner.printed.print('oh', 'stderr');
    await expect.poll(() => stored.text(uuid, 'stdout')).toBe('one ');
    miner.cut();
    miner.printed.print('two ');
    await expect.poll(() => stored.text(uuid, 'stdout')).toBe('one two ');
    await facilitatorBack();
    miner.printed.print('three ');
    await expect
      .poll(() => scene.place.query(`select 1 from job_output where received = 14 and stream = 'stdout'`))
      .toHaveLength(1);
    await first.close();
    miner.printed.print('four ');
    await scene.start(miner.settings);
    await scene.facilitator.logins.first((connection) => connection.isOpen);
    ask();
    await expect.poll(() => stored.text(uuid, 'stdout')).toBe('one two three four ');
    miner.printed.print('five');
    miner.printed.end();
    miner.send(uuid, finished(uuid));
    await scene.facilitator.update(uuid, 'completed');
    await expect.poll(hasEnded).toBe(true);
    expect([stored.text(uuid, 'stdout'), stored.text(uuid, 'stderr'), stored.gaps]).toEqual([
      'one two three four five',
      'oh',
      [],
    ]);
    await expect.poll(parts).toEqual([]);
  });

  it('is fetched to its end when the validator was away from the job’s end on', async () => {
    const first = await scene.start(miner.settings);
    await completeWithMoreToCome();
    await first.close();
    miner.printed.print('more');
    miner.printed.end();
    await scene.start(miner.settings);
    await scene.facilitator.logins.first((connection) => connection.isOpen);
    ask();
    await expect.poll(hasEnded).toBe(true);
    expect(stored.text(uuid, 'stdout')).toBe('some more');
  });

  it('is fetched to its end at once when the miner’s connection is lost behind the job’s end', async () => {
    await scene.start(miner.settings);
    await completeWithMoreToCome();
    miner.cut();
    miner.printed.print('more');
    miner.printed.end();
    // Whoever follows the job is told ten seconds after its end that there is no more.
    await expect.poll(hasEnded, { timeout: 8_000 }).toBe(true);
    expect(stored.text(uuid, 'stdout')).toBe('some more');
  });

  it('is told to have ended where nobody has any: of a job of a miner without logs-2, of another facilitator’s, of none', async () => {
    await miner.stop();
    miner = new DurableMiner();
    miner.onTaken = asFarAsItRuns;
    await miner.start();
    await scene.start(miner.settings);
    uuid = await scene.send();
    ask();
    await scene.facilitator.update(uuid, 'volumes_ready');
    miner.send(uuid, finished(uuid));
    await scene.facilitator.update(uuid, 'completed');
    ask();
    await expect.poll(hasEnded).toBe(true);
    expect(miner.taken.items.map(({ message }) => message.message_type)).not.toContain('V0JobOutputRequest');
    for (const job_uuid of ['no uuid', crypto.randomUUID()]) {
      const end = Promise.withResolvers<boolean>();
      scene.facilitator.onOutput = (chunk) => chunk.job_uuid === job_uuid && end.resolve(chunk.end);
      await scene.facilitator.send(
        make(JobOutputRequest, { job_uuid, stream: 'stdout', offset: 3, credit: 9 }),
      );
      expect(await end.promise).toBe(true);
    }
  });

  it('is asked for only where a facilitator wants it', async () => {
    await scene.start(miner.settings);
    uuid = await scene.send();
    await scene.facilitator.update(uuid, 'volumes_ready');
    miner.printed.print('unheard');
    miner.printed.end();
    miner.send(uuid, finished(uuid));
    await miner.taken.first(({ message }) => message.message_type === 'V0JobFinishedReceiptRequest');
    expect(miner.taken.items.map(({ message }) => message.message_type)).not.toContain('V0JobOutputRequest');
  });
});
