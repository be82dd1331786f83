import { Health } from '@horde/operations';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { RecordingManager } from '@horde/testing/recording-manager';
import { MinerUnderTest } from '../testing/miner.ts';
import { ValidatorSync } from './validator-sync.ts';
import { Validators } from '../directory/validators.ts';

let miner: MinerUnderTest;

beforeAll(async () => {
  miner = await MinerUnderTest.start(new RecordingManager());
  // The miner has asked the chain by itself; from here on the spec does.
  await vi.waitFor(async () => expect((await miner.part(Health).report()).ready).toBe(true), {
    timeout: 10_000,
  });
});
afterAll(() => miner.close());

const chainHas = async (...hotkeys: string[]) => {
  miner.chainValidators = hotkeys;
  await miner.part(ValidatorSync).fetch();
};
const active = async () =>
  (await miner.query<{ hotkey: string }>('select hotkey from validator where active order by hotkey')).map(
    ({ hotkey }) => hotkey,
  );

describe('the validators', () => {
  it('are those of the chain: new ones are added, ones that two readings miss inactive, and active again when they are back', async () => {
    await chainHas('a', 'b', 'b');
    expect(await active()).toEqual(['a', 'b']);
    await chainHas('b', 'c');
    expect(await active()).toEqual(['a', 'b', 'c']);
    await chainHas('b', 'c');
    expect(await active()).toEqual(['b', 'c']);
    await chainHas('a');
    await chainHas('a');
    expect(await active()).toEqual(['a']);
  });

  it('that were added by hand stay active, whatever the chain says', async () => {
    await miner.part(Validators).addDebug('b');
    await miner.part(Validators).addDebug('d');
    await chainHas('c');
    await chainHas('c');
    expect(await active()).toEqual(['b', 'c', 'd']);
  });

  it('stay when the chain lists nobody', async () => {
    await chainHas();
    await chainHas();
    expect(await active()).toEqual(['b', 'c', 'd']);
  });
});
