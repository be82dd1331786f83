import { expect, it } from 'vitest';
import { publicStreamingPort } from './executor-manager.ts';

it('users are told the port that leads to the executor’s, where its manager knows that it is another', () => {
  expect(publicStreamingPort({ port: 6000, publicPort: 16000 }, 6000)).toBe(16000);
  expect(publicStreamingPort({ token: 't' }, 6006)).toBe(6006);
  expect(publicStreamingPort(null, 6006)).toBe(6006);
});
