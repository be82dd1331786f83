import { describe, expect, it } from 'vitest';
import { currentRelease, isKnown } from './own-release.ts';
import { unknownYet, type Release, type ReleaseState } from './release-state.ts';

const release = (id: string, number: number | null = null): Release => ({
  id,
  reference: null,
  version: null,
  number,
  images: ['sha256:app'],
});
const state = (changed: Partial<ReleaseState>): ReleaseState => ({ ...unknownYet(), ...changed });
const update = {
  from: release('from'),
  to: release('to'),
  number: 42,
  stage: 'switched' as const,
  runner: 'mine-miner-runner-1',
  asked: false,
};

describe('the image that a runner was started from', () => {
  it.each<[what: string, remembered: Partial<ReleaseState>, named: string | null, known: boolean]>([
    ['ran here before', { current: release('own') }, null, true],
    ['is updated to', { current: release('from'), update: { ...update, to: release('own') } }, null, true],
    ['is gone back to', { current: release('x'), update: { ...update, from: release('own') } }, null, true],
    ['is named by the operator', { current: release('from') }, 'own', true],
    ['came from somebody else', { current: release('from') }, 'from', false],
    ['came from somebody else amid an update', { current: release('from'), update }, null, false],
  ])('%s', (_what, remembered, named, known) => {
    expect(isKnown('own', state(remembered), named)).toBe(known);
  });

  it('is remembered once, and anew when a list names it', () => {
    const images = ['sha256:app'];
    const first = currentRelease('own', state({}), { images, listed: null });
    expect(first).toEqual({ ...release('own'), images });
    expect(currentRelease('own', state({ current: first }), { images, listed: null })).toBeNull();
    const listed = { ...release('own', 42), reference: 'r@sha256:d', version: '1.4.0', images: [] };
    const named = currentRelease('own', state({ current: first }), { images, listed });
    expect(named).toEqual({ ...listed, images });
    expect(currentRelease('own', state({ current: named }), { images, listed })).toBeNull();
    // What the operator put in its place is another release.
    expect(currentRelease('other', state({ current: named }), { images, listed: null })).toMatchObject({
      id: 'other',
      number: null,
    });
  });
});
