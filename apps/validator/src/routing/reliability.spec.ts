import { describe, expect, it } from 'vitest';
import { chancesOf, reliabilityOf } from './reliability.ts';

const curve = { softCutoff: -50, separation: 5 };

describe('a miner’s reliability', () => {
  it.each([
    [0, 1, 0],
    [3, 1, -3],
    [3, 2, -1.5],
    [12, 48, -0.25],
    [4, 0, -4],
  ])('with %i incidents on %i executors is %f', (incidents, offered, reliability) => {
    expect(reliabilityOf(incidents, offered)).toBe(reliability);
  });
});

describe('the chance of a miner', () => {
  it.each([
    [0, 0.9933],
    [-1, 0.9918],
    [-5, 0.982],
    [-10, 0.9526],
    [-25, 0.5],
    [-50, 0.0067],
    [-100, 1e-6],
    [-1_000_000, 1e-6],
  ])('with reliability %d is, before all are made to sum to 1, %d', (reliability, expected) => {
    // A miner in the middle of the curve has 0.5 before that.
    const [chance, middle] = chancesOf([reliability, -25], curve);
    expect((0.5 * chance!) / middle!).toBeCloseTo(expected, 4);
  });

  it('is 0.509, 0.488 and 0.003 for the reliabilities 0, −10 and −50', () => {
    const chances = chancesOf([0, -10, -50], curve);
    expect(chances.map((chance) => chance.toFixed(3))).toEqual(['0.509', '0.488', '0.003']);
    expect(chances.reduce((sum, chance) => sum + chance)).toBeCloseTo(1, 12);
  });

  it('is the same for all that are equal, however bad', () => {
    expect(chancesOf([-9_000, -9_000], curve)).toEqual([0.5, 0.5]);
    expect(chancesOf([], curve)).toEqual([]);
  });

  it('falls at another place with other settings', () => {
    const [chance, middle] = chancesOf([-10, -5], { softCutoff: -10, separation: 3 });
    expect((0.5 * chance!) / middle!).toBeCloseTo(1 / (1 + Math.exp(3)), 6);
  });
});
