import { describe, expect, it } from 'vitest';
import { reached } from './check-streaming.ts';

describe('a streaming job that self_test has reached', () => {
  it.each([
    ['93.184.216.34', '93.184.216.34:8000'],
    ['gpu.example', '93.184.216.34:8000'],
    ['10.0.0.7', '10.0.0.5:8000'],
    ['127.0.0.1', '127.0.0.1:8000'],
    ['fd00::7', '[fd00::5]:8000'],
  ])('at %s, of a miner at %s, is OK', (host, miner) => {
    expect(reached('Reached', host, miner)).toMatchObject({ verdict: 'OK', says: 'Reached.' });
  });

  it.each([
    ['172.17.0.1', '93.184.216.34:8000'],
    ['10.0.0.7', '[2606:4700::1111]:8000'],
  ])('at %s, of a miner that is at %s for the world, is not', (host, miner) => {
    expect(reached('Reached', host, miner)).toMatchObject({
      verdict: 'WARN',
      says: `Reached; but nobody on the internet reaches ${host}.`,
      fix: expect.stringContaining('BITTENSOR_MINER_ADDRESS'),
    });
  });
});
