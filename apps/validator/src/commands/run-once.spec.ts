import { runCommand } from '@horde/commands';
import { Keypair } from '@horde/identity';
import { createLogger } from '@horde/operations';
import { afterEach, beforeEach, expect, it, onTestFinished } from 'vitest';
import { ScriptedMiner } from '@horde/testing/validator-miner/scripted-miner';
import { ScriptedPylon } from '@horde/testing/scripted-pylon';
import { ValidatorPlace } from '../testing/running-validator.ts';
import { validatorProgram } from './program.ts';
import { ValidatorContext } from './validator-context.ts';

let place: ValidatorPlace;
let printed: string[];
/** Settings beside the usual ones. */
let more: Record<string, string>;
const pylon = new ScriptedPylon();

beforeEach(async () => {
  place = await ValidatorPlace.make();
  [printed, more] = [[], {}];
  await pylon.start();
});
afterEach(async () => {
  await pylon.stop();
  await place.remove();
});

async function type(...words: string[]): Promise<number> {
  const logger = createLogger('validator');
  logger.level = 'silent';
  const environment = place.environment({ PYLON_ADDRESS: pylon.address, ...more });
  const print = (text: string) => void printed.push(text);
  const context = new ValidatorContext(environment, print, logger, new AbortController().signal);
  return runCommand(validatorProgram, words, context, (text) => printed.push(text));
}

it('sync_manifests asks the miners that the chain has, and says what they offer', async () => {
  const miner = await offering(3);
  pylon.neurons = [
    { hotkey: miner.keypair.address, port: miner.port },
    { hotkey: Keypair.generate().address, port: 1 },
  ];
  expect(await type('sync_manifests')).toBe(0);
  expect(printed).toEqual(['always_on.test: 3 executors of 1 miners']);
});

async function offering(executors: number): Promise<ScriptedMiner> {
  const miner = new ScriptedMiner(Keypair.generate());
  miner.manifest = [['always_on.test', executors]];
  await miner.start();
  onTestFinished(() => miner.stop());
  return miner;
}

it.each(['scan_blocks_and_calculate_allowance', 'scan_archive_blocks_and_calculate_allowance'])(
  '%s takes the blocks that are missing',
  async (name) => {
    pylon.neurons = [{ hotkey: place.keypair.address, port: null, stake: 5 }];
    expect(await type(name), printed.join()).toBe(0);
    expect(printed).toEqual([`${pylon.head - 5 + 1} blocks from 0 to ${pylon.head - 5} are stored.`]);
    expect(await place.query('select from lease')).toEqual([]);
  },
);

it('evict_old_data removes what is older than two days', async () => {
  await type('fetch_dynamic_config'); // makes the tables
  const event = `insert into system_event (type, subtype, description, data, at) values ('A', 'B', '', '{}', now() - $1::interval)`;
  for (const age of ['1 day', '3 days']) await place.query(event, [age]);
  expect(await type('evict_old_data')).toBe(0);
  expect(await place.query('select from system_event')).toHaveLength(1);
});

it('sync_collaterals says what miners have deposited, and where that is known from', async () => {
  expect(await type('sync_collaterals')).toBe(0);
  expect(printed).toEqual([
    'COLLATERAL is off: no deposits are read, not from the chain either. Miners get jobs without any, though 10000000000000000 wei are asked for.',
  ]);
  const [rich, poor] = [Keypair.generate().address, Keypair.generate().address];
  await place.query(
    `insert into miner (hotkey, uid, ip, port) values ($1, 1, '192.0.2.1', 1), ($2, 2, '192.0.2.2', 1)`,
    [rich, poor],
  );
  more = { COLLATERAL: JSON.stringify({ [rich]: '10000000000000000', [poor]: 7 }) };
  expect(await type('sync_collaterals')).toBe(0);
  expect(printed.at(-1)!.split('\n')).toEqual([
    expect.stringMatching(
      /^The deposits are those that COLLATERAL lists: .* 1 of 2 miners have the 10000000000000000 wei/,
    ),
    `${rich}: 10000000000000000 wei`,
    `${poor}: 7 wei, too little for jobs`,
  ]);
});
