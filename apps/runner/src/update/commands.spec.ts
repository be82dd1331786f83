import { expect, it } from 'vitest';
import { statusLines } from './commands.ts';
import type { Look } from './look.ts';
import { unknownYet } from './release-state.ts';

const state = {
  ...unknownYet(),
  current: { id: 'sha256:one', reference: 'r/x@sha256:d', version: '1.3.0', number: 41, images: [] },
};
const looked = (decision: Look['decision']) =>
  ({ list: { version: '1.4.0', number: 42, channel: 'stable', share: 25 }, decision }) as Look;

it('status says what runs, what is offered, what waits and why, and what was taken back', () => {
  const refused = { number: 40, id: 'x', version: '1.2.9', why: 'It was not ready.', at: 'then' };
  expect(
    statusLines(
      'sha256:one',
      { ...state, refused: [refused] },
      looked({ kind: 'wait', why: 'UPDATE_HOLD is set.' }),
    ),
  ).toEqual([
    'Release 1.3.0, number 41, runs here.',
    '  image    r/x@sha256:d',
    '  offered  1.4.0, number 42 of stable, for 25 %',
    '  waits    UPDATE_HOLD is set.',
    '  refused  1.2.9, number 40, at then: It was not ready.',
  ]);
});

it('status says so where nothing can be known of releases, or they are shipped from nowhere', () => {
  expect(statusLines('sha256:one', unknownYet(), 'The list has expired.')).toEqual([
    'A runner that no list has named, sha256:one…, runs here.',
    '  offered  not known: The list has expired.',
  ]);
  expect(statusLines('sha256:one', unknownYet(), null)[1]).toContain('It gets no updates');
});

it('status says what an update is at', () => {
  const to = { ...state.current, version: '1.4.0', number: 42 };
  const update = {
    from: state.current,
    to,
    number: 42,
    stage: 'watched' as const,
    runner: 'x',
    asked: false,
  };
  expect(statusLines('sha256:one', { ...state, update }, looked({ kind: 'update' })).at(-1)).toBe(
    '  now      An update to 1.4.0, number 42, is under way: watched.',
  );
});
