import { loadSettings } from '@horde/settings';
import type { ReleaseList } from '@horde/release';
import { describe, expect, it } from 'vitest';
import { RunnerSettings } from '../settings.ts';
import { decide, isOpen, type Question } from './decide.ts';
import { unknownYet, type Release } from './release-state.ts';

const sha = (letter: string) => `sha256:${letter.repeat(64)}`;
const image = { name: 'miner-runner', architecture: 'amd64', digest: sha('a'), id: sha('b') };
const list: ReleaseList = {
  channel: 'stable',
  number: 42,
  expires: new Date('2026-12-30T00:00:00Z'),
  share: 100,
  version: '1.4.0',
  images: [image],
};
const older: Release = {
  id: sha('c'),
  reference: `registry.example/horde/miner-runner@${sha('d')}`,
  version: '1.3.0',
  number: 41,
  images: [],
};
const refusal = { number: 42, id: sha('b'), version: '1.4.0', why: 'It was not ready.', at: 'yesterday' };

const question = (changed: Partial<Question> = {}): Question => ({
  state: { ...unknownYet(), current: older },
  list,
  image,
  settings: { channel: 'stable', updateHold: false },
  install: 'a-hotkey',
  now: new Date('2026-12-01T12:00:00Z'),
  asked: false,
  ...changed,
});
const withCurrent = (current: Partial<Release>) => ({
  state: { ...unknownYet(), current: { ...older, ...current } },
});
const refused = { state: { ...unknownYet(), current: older, refused: [refusal] } };
const settings = { channel: 'stable', updateHold: false };

describe('what is done about a release list', () => {
  it.each<[what: string, changed: Partial<Question>, kind: 'update' | 'newest' | RegExp]>([
    ['a newer release', {}, 'update'],
    ['nothing is known of what runs', { state: unknownYet() }, 'update'],
    ['it runs, by its id', withCurrent({ id: image.id }), 'newest'],
    [
      'it runs, on an engine that names images by their manifest',
      withCurrent({ id: image.digest }),
      'newest',
    ],
    ['it runs, fetched by its digest', withCurrent({ reference: `x@${image.digest}` }), 'newest'],
    [
      'it runs, and waits for nothing',
      { ...withCurrent({ id: image.id }), settings: { ...settings, updateHold: true } },
      'newest',
    ],
    ['another channel had a newer one', withCurrent({ number: 43 }), /older than number 43/],
    ['two images of one number', withCurrent({ number: 42 }), /older than number 42/],
    ['no image for this machine', { image: null }, /no image of this runner/],
    ['it was taken back', refused, /tried at yesterday, and taken back. It was not ready\./],
    ['it was taken back, and the operator asks for it', { ...refused, asked: true }, 'update'],
    ['a newer one after one that was taken back', { ...refused, list: { ...list, number: 43 } }, 'update'],
    ['hold', { settings: { ...settings, updateHold: true } }, /UPDATE_HOLD/],
    [
      'hold counts more than the operator’s hurry',
      { settings: { ...settings, updateHold: true }, asked: true },
      /UPDATE_HOLD/,
    ],
    ['a share without this install', { list: { ...list, share: 0 } }, /for 0 % of the installs/],
    ['a share without this install, asked for', { list: { ...list, share: 0 }, asked: true }, 'update'],
    ['outside the window', { settings: { ...settings, updateWindow: '02:00-05:00' } }, /it is 12:00 UTC/],
    [
      'outside the window, asked for',
      { settings: { ...settings, updateWindow: '02:00-05:00' }, asked: true },
      'update',
    ],
    ['inside the window', { settings: { ...settings, updateWindow: '11:30-12:30' } }, 'update'],
  ])('%s', (_what, changed, kind) => {
    const decision = decide(question(changed));
    if (typeof kind === 'string') expect(decision).toEqual({ kind });
    else expect(decision).toEqual({ kind: 'wait', why: expect.stringMatching(kind) as string });
  });

  it.each<[window: string | undefined, time: string, open: boolean]>([
    [undefined, '00:00', true],
    ['02:00-05:00', '01:59', false],
    ['02:00-05:00', '02:00', true],
    ['02:00-05:00', '04:59', true],
    ['02:00-05:00', '05:00', false],
    ['23:00-01:00', '22:59', false],
    ['23:00-01:00', '23:30', true],
    ['23:00-01:00', '00:59', true],
    ['23:00-01:00', '01:00', false],
    ['04:00-04:00', '12:00', true],
  ])('with the window %s, at %s it may begin: %s', (window, time, open) => {
    expect(isOpen(window, new Date(`2026-12-01T${time}:30Z`))).toBe(open);
  });
});

describe('what .env says of updates', () => {
  const read = (variables: Record<string, string>) => loadSettings(RunnerSettings, variables).settings;

  it('is the channel stable, at any time, where it says nothing', () => {
    expect(read({ UPDATE_WINDOW: '' })).toMatchObject({
      channel: 'stable',
      updateHold: false,
      updateEvery: 600,
    });
    expect(read({}).updateWindow).toBeUndefined();
  });

  it('knows the old name of the channel preprod, unless CHANNEL says another', () => {
    expect(read({ MINER_IMAGE_TAG: 'v0-preprod' }).channel).toBe('preprod');
    expect(read({ MINER_IMAGE_TAG: 'v0-latest' }).channel).toBe('stable');
    expect(read({ MINER_IMAGE_TAG: 'v0-preprod', CHANNEL: 'stable' }).channel).toBe('stable');
  });

  it.each([
    ['UPDATE_WINDOW', '2-5'],
    ['UPDATE_WINDOW', '02:00-24:00'],
    ['UPDATE_HOLD', 'maybe'],
    ['UPDATE_EVERY_SECONDS', '0'],
    ['CHANNEL', '../stable'],
  ])('is refused with a sentence: %s=%s', (name, value) => {
    expect(() => read({ [name]: value })).toThrow(name);
  });
});
