import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { LastHours } from './last-hours.ts';

const hour = 3_600_000;
let asked: number[][];
beforeEach(() => {
  asked = [];
  vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2026, 0, 2, 12, 30) });
});
afterEach(() => void vi.useRealTimers());

/** Each hour has one row: which it is of the day, and how often it was asked for. */
function lastHours(goesOn: (row: { hour: string }) => boolean = () => false) {
  return new LastHours(async (hours) => {
    asked.push(hours.map((at) => at.getUTCHours()));
    return hours.map((at) => ({ hour: at.toISOString(), reckoned: asked.length }));
  }, goesOn);
}

it('hours that are over are reckoned once, the present one and what may still come late each time', async () => {
  const hours = lastHours();
  expect((await hours.read()).map((row) => new Date(row.hour).getUTCHours())).toEqual(asked[0]);
  expect([asked[0]!.length, asked[0]![0], asked[0]!.at(-1)]).toEqual([24, 13, 12]);
  const again = await hours.read();
  expect(asked[1]).toEqual([12]);
  expect(again).toHaveLength(24);
  expect(again.map(({ reckoned }) => reckoned)).toEqual([...Array.from({ length: 23 }, () => 1), 2]);
  vi.setSystemTime(Date.now() + hour - 25 * 60_000); // 13:05
  const later = await hours.read();
  expect(asked[2]).toEqual([12, 13]);
  expect([later.length, new Date(later[0]!.hour).getUTCHours()]).toEqual([24, 14]);
});

it('an hour in which something goes on is reckoned until it has ended', async () => {
  let ended = false;
  const hours = lastHours((row) => !ended && row.hour.includes('T03:'));
  await hours.read();
  await hours.read();
  ended = true;
  await hours.read();
  await hours.read();
  expect(asked.slice(1)).toEqual([[3, 12], [3, 12], [12]]);
});
