import { runCommand } from '@horde/commands';
import { createLogger } from '@horde/operations';
import { expect, it } from 'vitest';
import { ValidatorPlace } from '../testing/running-validator.ts';
import { validatorProgram } from './program.ts';
import { ValidatorContext } from './validator-context.ts';

const hotkey = '5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty';

it('whitelist_hotkey keeps a hotkey, once, however often it is typed', async () => {
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
  expect([await type('whitelist_hotkey', hotkey), await type('whitelist_hotkey', hotkey)]).toEqual([0, 0]);
  expect(printed).toEqual(Array(2).fill(`Jobs signed by ${hotkey} are taken now.`));
  expect(await type('whitelist_hotkey', '5Nobody')).toBe(2);
  expect(errors).toEqual(['"5Nobody" is not an SS58 address.']);
  expect(await place.query('select hotkey from whitelisted_hotkey')).toEqual([{ hotkey }]);
  await place.remove();
});
