import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openFaultProxy, type FaultProxy } from '@horde/testing/fault-proxy';
import { DurableExecutor } from '@horde/testing/miner-executor/durable-executor';
import type { ScriptedValidator } from '@horde/testing/validator-miner/scripted-validator';
import { RecordingManager } from '@horde/testing/recording-manager';
import { MinerUnderTest } from '../testing/miner.ts';
import { OrphanExecutors } from '../background/orphan-executors.ts';

const wanted = 2;

let miner: MinerUnderTest;
let proxy: FaultProxy;
/** The connections of executors, as each of them opens another one when it has lost the one before. */
let connections: Map<string, DurableExecutor>;
let refused: string[];

beforeEach(async () => {
  connections = new Map();
  refused = [];
  const manager = new RecordingManager({ 'always_on.test': wanted }).listing();
  miner = await MinerUnderTest.start(manager, { warmExecutors: '0' });
  await miner.stop();
  const start = manager.start.bind(manager);
  manager.start = async (request, signal) => {
    const handle = await start(request, signal);
    void play(request.token);
    return handle;
  };
  Object.assign(miner['settings'], { warmExecutors: `${wanted}` });
  proxy = await openFaultProxy(miner.databasePort);
  await miner.boot(proxy.port);
});
afterEach(async () => {
  proxy.shut = false;
  for (const token of running()) miner.manager.exit(token, 0);
  await miner.close();
  proxy.close();
});

const running = () =>
  miner.manager.executors.filter((executor) => executor.running).map(({ request }) => request.token);

/** An executor until it has exited. */
async function play(token: string): Promise<void> {
  while (running().includes(token)) {
    try {
      const executor = await DurableExecutor.connect(miner.url, token);
      connections.set(token, executor);
      if ((await executor.connection.closed).code === 1008) refused.push(token);
    } catch {
      // The miner was not there, or the connection ended before it was open.
    }
    await sleep(50);
  }
}

const warmRows = () =>
  miner.query<{ token: string }>(
    `select token from warm_executor where connected_at is not null and executor_handle is not null
       and not retiring order by requested_at`,
  );
/** The tokens of as many warm executors as there should be, and of nothing else. */
async function allWarm(): Promise<string[]> {
  const seen = async () => ({
    warm: (await warmRows()).map(({ token }) => token).toSorted(),
    running: running().toSorted(),
    held: await miner.query('select uuid from job where slot_held'),
  });
  await expect
    .poll(seen, { timeout: 40_000 })
    .toSatisfy(
      ({ warm, running: all, held }: Awaited<ReturnType<typeof seen>>) =>
        warm.length === wanted && held.length === 0 && warm.join() === all.join(),
    );
  return (await warmRows()).map(({ token }) => token);
}

const away = () => {
  proxy.shut = true;
  proxy.cut();
};
/** Whoever needs it in the meantime has failed by then. */
const back = async () => {
  await sleep(700);
  proxy.shut = false;
};

/** Has a warm executor do a job that is asked for while the database is away. */
async function doJob(validator: ScriptedValidator): Promise<void> {
  const connection = await validator.connect();
  const request = validator.signed(validator.initial());
  away();
  await connection.send(validator.auth());
  await connection.send(request);
  await back();
  await connection.next('V0AcceptJobRequest');
  const [row] = await miner.query<{ executor_token: string }>(
    'select executor_token from job where uuid = $1',
    request.job_uuid,
  );
  const token = row!.executor_token;
  const executor = connections.get(token)!;
  await executor.next('V0InitialJobRequest');
  await executor.say({
    message_type: 'V0JobFinishedRequest',
    docker_process_stdout: '',
    docker_process_stderr: '',
  });
  await connection.next('V0JobFinishedRequest');
  away();
  miner.manager.exit(token, 0);
  await back();
  await connection.close();
}

describe('the database is away while warm executors', () => {
  it('lose their connection: they wait on, on the next one, and none is turned away', async () => {
    const tokens = await allWarm();
    const before = [...connections.values()];
    away();
    for (const { connection } of before) connection.terminate();
    await expect.poll(() => [...connections.values()].some((one) => before.includes(one))).toBe(false);
    const again = [...connections.values()];
    await back();
    expect(await allWarm()).toEqual(tokens);
    expect([...connections.values()].every((one) => again.includes(one))).toBe(true);
    expect(again.every(({ connection }) => connection.isOpen)).toBe(true);
    await doJob(await miner.validator());
    await allWarm();
    expect(refused).toEqual([]);
  }, 60_000);

  it('come and go, with jobs and without: afterwards there are as many as there should be, and no others', async () => {
    const validator = await miner.validator();
    const [first] = await allWarm();
    away();
    miner.manager.exit(first!, 1);
    await back();
    await allWarm();
    await doJob(validator);
    await allWarm();

    const { start } = miner.manager;
    miner.manager.start = (...asked) => {
      away();
      return start(...asked).finally(() => void back());
    };
    await doJob(validator);
    const tokens = await allWarm();
    miner.manager.start = async () => {
      miner.manager.start = start;
      away();
      void back();
      throw new Error('no machine answers');
    };
    miner.manager.exit(tokens[0]!, 1);
    await allWarm();
    expect(await miner.part(OrphanExecutors).sweep()).toBe(0);
    expect(miner.manager.stopped).toEqual([]);
    expect(refused).toEqual([]);
  }, 90_000);
});
