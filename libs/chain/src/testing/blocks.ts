import { expect, it } from 'vitest';
import type { Chain } from '../chain.ts';

/** A chain that goes on when a test tells it to, and the adapter that is to be checked on it. */
export interface BlocksUnderTest {
  /** The adapter. */
  chain: Pick<Chain, 'latestBlock' | 'blockHash' | 'blockTime' | 'hyperparameters'>;
  /** Resolves in a later block than the newest of now. */
  nextBlock(): Promise<void>;
}

const absent = { name: 'ChainError', kind: 'absent' };

/** What every adapter promises of blocks and of the subnet's rules, those that know nothing else included. */
export function blockPromises(underTest: () => BlocksUnderTest, can: { hyperparameters: boolean }): void {
  it('its newest block never goes back', async () => {
    const { chain, nextBlock } = underTest();
    const first = await chain.latestBlock();
    await nextBlock();
    const second = await chain.latestBlock();
    expect(second.number).toBeGreaterThan(first.number);
    expect(second.hash).not.toBe(first.hash);
  });

  it('tells when a block was made, always the same, and the next one was made later', async () => {
    const { chain, nextBlock } = underTest();
    await nextBlock();
    const { number } = await chain.latestBlock();
    await nextBlock();
    const told = await Promise.all([number, number + 1, number].map((block) => chain.blockTime(block)));
    expect(told).toEqual([expect.any(Number), expect.any(Number), told[0]]);
    expect(told[1]).toBeGreaterThan(told[0]!);
  });

  it('tells the hash of a block, where it can, as it was told when the block was the newest', async () => {
    const { chain, nextBlock } = underTest();
    const { number, hash } = await chain.latestBlock();
    await nextBlock();
    expect((await chain.blockHash?.(number)) ?? hash).toBe(hash);
  });

  it('knows no time of a block that is not there yet', async () => {
    const { chain } = underTest();
    const { number } = await chain.latestBlock();
    await expect(chain.blockTime(number + 1_000_000)).rejects.toMatchObject(absent);
  });

  it(`tells ${can.hyperparameters ? 'what the subnet asks' : 'nothing of what the subnet asks'} of those who take part`, async () => {
    const found = await underTest().chain.hyperparameters?.();
    const shape = { tempo: expect.any(Number), minAllowedWeights: expect.any(Number) };
    const rest = { maxWeightLimit: expect.any(Number), commitRevealEnabled: expect.any(Boolean) };
    expect(found).toEqual(can.hyperparameters ? { ...shape, ...rest } : undefined);
  });
}
