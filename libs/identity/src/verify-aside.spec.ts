import { describe, expect, it } from 'vitest';
import { Keypair, verifyHexAside } from './index.ts';

const keypair = Keypair.generate();
const other = Keypair.generate();
const large = 'a text with ŻÓŁW in it '.repeat(200_000);

describe('a signature over a large text', () => {
  it.each([
    ['holds', keypair.signHex(large), keypair.address, true],
    ['does not hold for another hotkey', keypair.signHex(large), other.address, false],
    ['does not hold when it is over another text', keypair.signHex('x'), keypair.address, false],
    ['is none', '0x12', keypair.address, false],
    ['is none at all', 'x', keypair.address, false],
  ])('that %s is told as such', async (_name, signature, hotkey, holds) => {
    expect(await verifyHexAside(large, signature, hotkey)).toBe(holds);
  });

  it('lets others go on while it is verified', async () => {
    const wrong = keypair.signHex('x');
    await verifyHexAside(large, wrong, keypair.address); // the thread has begun
    const turns = { of: 0, done: false };
    const verified = verifyHexAside(large, wrong, keypair.address).finally(() => (turns.done = true));
    for (; !turns.done; turns.of++) await new Promise((next) => setImmediate(next));
    expect(await verified).toBe(false);
    expect(turns.of).toBeGreaterThan(10);
  });
});

it('a signature over a small text is verified at once', async () => {
  expect(await verifyHexAside('text', keypair.signHex('text'), keypair.address)).toBe(true);
  expect(await verifyHexAside('text', keypair.signHex('text'), other.address)).toBe(false);
});
