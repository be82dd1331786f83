import { runCommand } from '@horde/commands';
import { createLogger } from '@horde/operations';
import { expect, it } from 'vitest';
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
  await place.remove();
});
