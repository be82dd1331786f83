import { execFile } from 'node:child_process';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import { IdentityError } from './identity-error.ts';
import { Keypair } from './keypair.ts';
import { VerifierPool } from './verifier-pool.ts';
import type { SignedItem, VerifierPoolOptions } from './verifier-pool.ts';

const keypair = Keypair.generate();
const pools: VerifierPool[] = [];

function open(options?: VerifierPoolOptions): VerifierPool {
  const pool = new VerifierPool(options);
  pools.push(pool);
  return pool;
}
afterEach(() => Promise.all(pools.splice(0).map((pool) => pool.close())));

/** Every third signature is wrong. */
function receipts(count: number): { items: SignedItem[]; answers: boolean[] } {
  const signature = keypair.signHex('a receipt');
  const answers = Array.from({ length: count }, (_, i) => i % 3 !== 0);
  const items = answers.map((good) => ({
    data: good ? 'a receipt' : 'another',
    signature,
    hotkey: keypair.address,
  }));
  return { items, answers };
}

describe('many signatures', () => {
  it('are answered in their order, whatever the number of threads', async () => {
    for (const size of [1, 2, 3]) {
      const { items, answers } = receipts(300);
      expect(await open({ size }).verifyAll(items)).toEqual(answers);
    }
  });

  it('of calls made at once are answered each to its own call', async () => {
    const pool = open({ size: 2 });
    const calls = [1, 200, 7, 64, 65].map(receipts);
    const answers = await Promise.all(calls.map(({ items }) => pool.verifyAll(items)));
    expect(answers).toEqual(calls.map((call) => call.answers));
  });

  it('may be none', async () => {
    expect(await open().verifyAll([])).toEqual([]);
  });

  it('may be bytes or text, and malformed ones are false', async () => {
    const { address: hotkey, publicKey } = keypair;
    const signature = keypair.sign('text');
    const hex = keypair.signHex('text');
    const part = Buffer.from('some text here').subarray(5, 9);
    const items: [SignedItem, boolean][] = [
      [{ data: 'text', signature, hotkey }, true],
      [{ data: part, signature, hotkey: publicKey }, true],
      [{ data: 'text', signature: hex, hotkey: publicKey }, true],
      [{ data: 'text', signature: hex.slice(2), hotkey }, false],
      [{ data: 'text', signature: new Uint8Array(64), hotkey }, false],
      [{ data: 'text', signature: new Uint8Array(0), hotkey }, false],
      [{ data: 'half \ud83d', signature, hotkey }, false],
      [{ data: 'text', signature, hotkey: 'nobody' }, false],
      [{ data: 'text', signature, hotkey: new Uint8Array(32).fill(255) }, false],
    ];
    expect(await open({ size: 1 }).verifyAll(items.map(([item]) => item))).toEqual(
      items.map(([, answer]) => answer),
    );
    expect(Buffer.from(part).toString()).toBe('text');
  });

  it('leave the event loop free', async () => {
    const pool = open({ size: 1 });
    await pool.verifyAll(receipts(1).items);
    const { items } = receipts(2000);
    const delay = monitorEventLoopDelay({ resolution: 5 });
    const started = performance.now();
    delay.enable();
    await pool.verifyAll(items);
    delay.disable();
    expect(delay.max / 1e6).toBeLessThan((performance.now() - started) / 2);
  });
});

describe('a short call behind a long one', () => {
  it('does not wait for its end', async () => {
    const pool = open({ size: 1 });
    const order: string[] = [];
    const long = pool.verifyAll(receipts(1500).items).then(() => order.push('long'));
    const short = pool.verifyAll(receipts(10).items).then(() => order.push('short'));
    await Promise.all([long, short]);
    expect(order).toEqual(['short', 'long']);
  });
});

describe('more signatures than may wait', () => {
  it('are refused, and those before them are answered', async () => {
    const pool = open({ size: 1, maxWaiting: 100 });
    const { items, answers } = receipts(150);
    const first = pool.verifyAll(items);
    await expect(pool.verifyAll(receipts(50).items)).rejects.toThrow(IdentityError);
    expect(await first).toEqual(answers);
    expect(await pool.verifyAll(receipts(50).items)).toEqual(receipts(50).answers);
  });
});

describe('a pool that is closed', () => {
  it('refuses what still waits and what comes later', async () => {
    const pool = open({ size: 1 });
    const waiting = [receipts(500), receipts(5)].map(({ items }) => pool.verifyAll(items));
    const refused = Promise.all(
      waiting.map((call) => expect(call).rejects.toThrow('The verifier is closed.')),
    );
    await pool.close();
    await refused;
    await expect(pool.verifyAll(receipts(1).items)).rejects.toThrow('The verifier is closed.');
  });
});

describe('a thread that ends', () => {
  it('costs the call it worked for, and the next call gets a new thread', async () => {
    const pool = open({ size: 1 });
    // The types forbid it; a thread that meets it dies of it.
    const broken = { data: 'text', signature: null, hotkey: keypair.address } as unknown as SignedItem;
    const poisoned = pool.verifyAll([broken]);
    const { items, answers } = receipts(5);
    const next = pool.verifyAll(items);
    await expect(poisoned).rejects.toThrow(/^A verifier thread failed: .*null/);
    expect(await next).toEqual(answers);
  });
});

describe('a process with an idle pool', () => {
  it('ends by itself, and one with a busy pool ends when the answer is there', async () => {
    const script = `
      const { VerifierPool } = await import(${JSON.stringify(new URL('verifier-pool.ts', import.meta.url).href)});
      const pool = new VerifierPool({ size: 2 });
      const items = Array(100).fill({ data: 'text', signature: '', hotkey: '' });
      console.log((await pool.verifyAll(items)).length);`;
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script]);
    expect(stdout.trim()).toBe('100');
  });
});
