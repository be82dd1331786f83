import { type Database, JobFrames } from '@horde/database';
import { Keypair } from '@horde/identity';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { ScriptedMiner } from '@horde/testing/validator-miner/scripted-miner';
import { WsServer } from '@horde/testing/ws-server';
import { MinerClient, type MinerAddress } from '../miner/miner-client.ts';
import { openTestDatabase } from '../testing/open-test-database.ts';
import { MainHotkeyRow } from './main-hotkey.entity.ts';
import { MainHotkeyBook } from './main-hotkeys.ts';

const cycle = { start: 708, end: 1_430 };
const logger = pino({ level: 'silent' });
const servers: { stop(): Promise<void> }[] = [];

let database: Database;
let book: MainHotkeyBook;
beforeAll(async () => {
  database = await openTestDatabase();
});
beforeEach(async () => {
  await database.manager.clear(MainHotkeyRow);
  const frames = new JobFrames(database, {}, false, () => {});
  book = new MainHotkeyBook(database, new MinerClient(Keypair.generate(), frames, logger), logger);
});
afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop();
});
afterAll(() => database.dataSource.destroy());

const reached = (hotkey: string, port: number): MinerAddress => ({ hotkey, ip: '127.0.0.1', port });

/** A miner that says this is its main hotkey; null: it answers without one. */
async function saying(mainHotkey: string | null): Promise<{ miner: ScriptedMiner; address: MinerAddress }> {
  const miner = new ScriptedMiner(Keypair.generate());
  miner.mainHotkey = mainHotkey;
  await miner.start();
  servers.push(miner);
  return { miner, address: reached(miner.keypair.address, miner.port) };
}

/** A miner that closes each connection when it has heard something. */
async function closing(): Promise<MinerAddress> {
  const server = new WsServer((router) =>
    router.route('/v0.1/validator_interface/:hotkey', (connection) =>
      connection.onText(
        async () => connection.close(1011),
        () => connection.close(1003),
      ),
    ),
  );
  await server.start();
  servers.push(server);
  return reached(Keypair.generate().address, server.port);
}

const of = async (miners: MinerAddress[], when = cycle) =>
  (await book.of(when, new Map([['coldkey', miners]]))).get('coldkey');

it('the first of a coldkey’s miners that says something counts, by uid', async () => {
  const [none, one, other] = [await saying(null), await saying('one'), await saying('other')];
  const away = reached('5Away', 1);
  const miners = [away, await closing(), none.address, one.address, other.address];
  expect(await of(miners)).toEqual({ current: 'one', previous: null });
  expect(await database.manager.find(MainHotkeyRow)).toMatchObject([
    { coldkey: 'coldkey', cycle_start: 708, hotkey: 'one', told_by: one.miner.keypair.address },
  ]);
});

it('what was said in a cycle stays so, and nobody is asked again', async () => {
  const { miner, address } = await saying('one');
  expect(await of([address])).toEqual({ current: 'one', previous: null });
  miner.mainHotkey = 'another';
  expect(await of([address])).toEqual({ current: 'one', previous: null });
  expect(miner.connections.items).toHaveLength(1);
  const next = { start: cycle.end, end: cycle.end + 722 };
  expect(await of([address], next)).toEqual({ current: 'another', previous: 'one' });
});

it('where no miner says anything nothing is kept, and they are asked again', async () => {
  const { miner, address } = await saying(null);
  expect(await of([address])).toEqual({ current: null, previous: null });
  miner.mainHotkey = 'one';
  expect(await of([address])).toEqual({ current: 'one', previous: null });
});

it('a miner that says something which is no address, and cannot be stored, keeps no weights from being computed', async () => {
  const { address } = await saying('a NUL: \0');
  expect(await of([address])).toEqual({ current: 'a NUL: \ufffd', previous: null });
});

it('a coldkey without a miner that can be reached has none', async () => {
  expect(await of([])).toEqual({ current: null, previous: null });
  expect(await book.of(cycle, new Map())).toEqual(new Map());
});
