import { runCommand } from '@horde/commands';
import { Keypair } from '@horde/identity';
import { createLogger } from '@horde/operations';
import { pageAt } from '@horde/receipts';
import { expect, it } from 'vitest';
import { PageServer } from '@horde/testing/page-server';
import { finished, pageLine } from '@horde/testing/receipts';
import { ValidatorPlace } from '../testing/running-validator.ts';
import { validatorProgram } from './program.ts';
import { ValidatorContext } from './validator-context.ts';

const hotkey = '5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty';

async function typing() {
  const place = await ValidatorPlace.make();
  const printed: string[] = [];
  const errors: string[] = [];
  const context = new ValidatorContext(
    place.environment({}),
    (text) => printed.push(text),
    createLogger('validator'),
    new AbortController().signal,
  );
  const type = (...words: string[]) =>
    runCommand(validatorProgram, words, context, (text) => errors.push(text));
  return { place, printed, errors, type };
}

it('whitelist_hotkey keeps a hotkey, once, however often it is typed', async () => {
  const { place, printed, errors, type } = await typing();
  expect([await type('whitelist_hotkey', hotkey), await type('whitelist_hotkey', hotkey)]).toEqual([0, 0]);
  expect(printed).toEqual(Array(2).fill(`Jobs signed by ${hotkey} are taken now.`));
  expect(await type('whitelist_hotkey', '5Nobody')).toBe(2);
  expect(errors).toEqual(['"5Nobody" is not an SS58 address.']);
  expect(await place.query('select hotkey from whitelisted_hotkey')).toEqual([{ hotkey }]);
  await place.remove();
});

it('a setting that changes while it runs is shown, set and given back, and refused when it is of a wrong type', async () => {
  const { place, printed, errors, type } = await typing();
  expect(await type('set_dynamic_config', 'DYNAMIC_BURN_RATE', '0.25')).toBe(0);
  expect(await type('fetch_dynamic_config')).toBe(0);
  const shown = printed.at(-1)!.split('\n');
  expect(shown).toContain('DYNAMIC_BURN_RATE=0.25 (operator)');
  expect(shown).toContain('SERVING=true (default)');
  expect(shown).toContain('DYNAMIC_MINIMUM_COLLATERAL_AMOUNT_WEI="10000000000000000" (default)');
  for (const [json, why] of [
    ['2', 'DYNAMIC_BURN_RATE must be a number from 0 to 1'],
    ['"much"', 'DYNAMIC_BURN_RATE must be a number from 0 to 1'],
    ['{', '{ is not JSON'],
  ] as const) {
    expect(await type('set_dynamic_config', 'DYNAMIC_BURN_RATE', json)).toBe(2);
    expect(errors.at(-1)).toContain(why);
  }
  expect(await type('unset_dynamic_config', 'DYNAMIC_BURN_RATE')).toBe(0);
  expect(printed.at(-1)).toBe('DYNAMIC_BURN_RATE is 0 again (default).');
  expect(await type('dynamic_config_history', 'DYNAMIC_BURN_RATE')).toBe(0);
  expect(printed.at(-1)).toMatch(
    /^\S+Z  DYNAMIC_BURN_RATE: 0.25 -> nothing  \(operator \S+\)\n\S+Z  DYNAMIC_BURN_RATE: nothing -> 0.25  \(op/,
  );
  await place.remove();
});

it('transfer_receipts fetches what a miner shows, and says what it left out', async () => {
  const { place, printed, errors, type } = await typing();
  const [validator, miner] = [Keypair.generate(), Keypair.generate()];
  const server = new PageServer();
  await server.start();
  server.append(pageAt(Date.now()), `${pageLine(finished({ validator, miner }), { validator, miner })}\nx\n`);
  await type('fetch_dynamic_config'); // makes the tables
  await place.query('insert into known_validator (hotkey) values ($1)', [validator.address]);
  const at = ['--debug-miner-hotkey', miner.address, '--debug-miner-ip', '127.0.0.1', '--debug-miner-port'];
  expect(await type('transfer_receipts', ...at, String(server.port))).toBe(0);
  expect(printed.at(-1)).toBe('Receipts fetched: 1.\nLines left out: ValidationError 1.');
  expect(await type('transfer_receipts', ...at, '0')).toBe(2);
  expect(errors.at(-1)).toContain('all three --debug-miner options');
  await server.stop();
  await place.remove();
});

it('a miner is put on the blacklist, shown there, and taken off', async () => {
  const { place, printed, errors, type } = await typing();
  expect(await type('list_blacklist')).toBe(0);
  expect(printed.at(-1)).toBe('No miner is on the blacklist.');
  expect(await type('blacklist_miner', hotkey, '--because', 'it is slow')).toBe(0);
  expect(printed.at(-1)).toBe(`${hotkey} gets no jobs, until unblacklist_miner.`);
  await type('list_blacklist');
  expect(printed.at(-1)).toBe(`${hotkey}  MANUAL       until it is taken off  it is slow`);
  expect(await type('blacklist_miner', hotkey, '--hours', '2')).toBe(0);
  await type('list_blacklist');
  expect(printed.at(-1)).toMatch(/  MANUAL       until 2\d{3}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  expect(await type('blacklist_miner', hotkey, '--hours', 'soon')).toBe(2);
  expect(errors.at(-1)).toBe('"soon" is not a number of hours.');
  expect(await type('unblacklist_miner', hotkey)).toBe(0);
  expect(await type('unblacklist_miner', hotkey)).toBe(0);
  expect(printed.slice(-2)).toEqual([
    `${hotkey} is off the blacklist.`,
    `${hotkey} was not on the blacklist.`,
  ]);
  await place.remove();
});
