import { expect, it } from 'vitest';
import { Health } from './health.ts';

it('what a service works without, and what there is to know, is told and leaves it ready', async () => {
  const health = new Health();
  health.add('database', async () => undefined);
  health.add('link', async () => 'Another process has it.');
  health.tell('weights', () => Promise.reject(new Error('They were not taken.')));
  expect(await health.report()).toEqual({
    ready: true,
    checks: { database: 'ok', link: 'Another process has it.', weights: 'They were not taken.' },
    attention: { weights: true },
  });
  health.add('queue', () => Promise.reject(new Error('It is away.')));
  expect(await health.report()).toMatchObject({ ready: false, checks: { queue: 'It is away.' } });
});
