import { writeDurableLine } from '@horde/protocol';
import { limits } from '@horde/transport';
import { expect, it } from 'vitest';
import { requests } from '@horde/testing/miner-executor/requests';
import { maxResult } from './max-result.ts';

it('a result of the largest size fits into a frame with the line of durable-1 before it', () => {
  const { jobUuid } = requests({});
  const line = `${writeDurableLine('message', jobUuid, 9)}\n`;
  expect(line.length + maxResult).toBeLessThanOrEqual(limits.maxFrame);
  expect(limits.maxFrame - maxResult).toBeLessThan(128);
});
