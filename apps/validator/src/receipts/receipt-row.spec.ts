import { Keypair } from '@horde/identity';
import { describe, expect, it } from 'vitest';
import { accepted, finished, started } from '@horde/testing/receipts';
import { signedRow } from '../testing/signed-row.ts';
import { readScore } from './receipt-row.ts';

const of = { validator: Keypair.generate(), miner: Keypair.generate() };

describe('the score of a receipt', () => {
  it.each([
    ['660.000000', 660],
    ['0.000000', 0],
    ['0', 0],
    ['007.0', 7],
    ['999999999999999', 999_999_999_999_999],
  ])('%j is %d executor-seconds', (text, score) => expect(readScore(text)).toBe(score));

  it.each(['1.5', '660.000001', 'six', '', '-1', '1e3', 'NaN', '1.', '9'.repeat(256), '1000000000000000'])(
    '%j cannot be read, and nobody stumbles over it',
    (text) => expect(readScore(text)).toBeNull(),
  );
});

describe('what is stored of a receipt', () => {
  it('is its time at UTC, to the microsecond, and when it stops to count', () => {
    const at = { timestamp: '2025-01-02T03:04:05.000123+02:00', ttl: 60 };
    expect(signedRow(started(of, at), of)).toMatchObject({
      timestamp: '2025-01-02T01:04:05.000123Z',
      expires_at: '2025-01-02T01:05:05.000123Z',
      executor_class: 'always_on.test',
      is_organic: true,
      score: null,
      block_numbers: null,
    });
    expect(signedRow(accepted(of, at), of)).toMatchObject({
      expires_at: '2025-01-02T01:05:05.000123Z',
      executor_class: null,
      is_organic: null,
    });
  });

  it('are the blocks of a finished job that there can be', () => {
    const row = signedRow(finished(of, { block_numbers: [7, 2 ** 31 - 1, 2 ** 31, 2 ** 32] }), of);
    expect(row).toMatchObject({ score: 10, block_numbers: [7, 2 ** 31 - 1], expires_at: null });
    expect(signedRow(finished(of, { block_numbers: undefined }), of).block_numbers).toEqual([]);
  });
});
