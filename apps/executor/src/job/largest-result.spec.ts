import { writeDurableLine } from '@horde/protocol';
import { limits } from '@horde/transport';
import { expect, it } from 'vitest';
import { requests } from '../testing/requests.ts';
import { largestResult } from './largest-result.ts';

it('a result of the largest size fits into a frame with the line of durable-1 before it', () => {
  const { jobUuid } = requests({});
  const line = `${writeDurableLine('message', jobUuid, 9)}\n`;
  expect(line.length + largestResult).toBeLessThanOrEqual(limits.largestFrame);
  expect(limits.largestFrame - largestResult).toBeLessThan(128);
});
