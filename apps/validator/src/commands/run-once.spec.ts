import { runCommand } from '@horde/commands';
import { Keypair } from '@horde/identity';
import { createLogger } from '@horde/operations';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ScriptedMiner } from '@horde/testing/validator-miner/scripted-miner';
import { ScriptedPylon } from '@horde/testing/scripted-pylon';
import { ValidatorPlace } from '../testing/running-validator.ts';
import { validatorProgram } from './program.ts';
import { ValidatorContext } from './validator-context.ts';

let place: ValidatorPlace;
let printed: string[];
const pylon = new ScriptedPylon();

beforeEach(async () => {
  place = await ValidatorPlace.make();
  printed = [];
  await pylon.start();
});
afterEach(async () => {
  await pylon.stop();
  await place.remove();
});

async function type(...words: string[]): Promise<number> {
  const logger = createLogger('validator');
  logger.level = 'silent';
  const environment = place.environment({ PYLON_ADDRESS: pylon.address });
  const print = (text: string) => void printed.push(text);
  const context = new ValidatorContext(environment, print, logger, new AbortController().signal);
  return runCommand(validatorProgram, words, context, (text) => printed.push(text));
}

it('sync_manifests asks the miners that the chain has, and says what they offer', async () => {
  const miner = new ScriptedMiner(Keypair.generate());
  miner.manifest = [['always_on.test', 3]];
  await miner.start();
  pylon.neurons = [{ hotkey: miner.keypair.address, port: miner.port }];
  expect(await type('sync_manifests')).toBe(0);
  expect(printed).toEqual(['always_on.test: 3 executors of 1 miners']);
  await miner.stop();
});

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
