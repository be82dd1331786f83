import { createHash } from 'node:crypto';
import { VerifierPool, type SignedItem } from '@horde/identity';

/** Verifies signatures, each once: what one validator has found out the others need not. */
export class SharedVerdicts {
  private readonly pool = new VerifierPool({ size: 2, maxWaiting: Infinity });
  private readonly verdicts = new Map<string, boolean>();

  /** @param believes everything, without looking */
  constructor(private readonly believes: boolean) {}

  async verifyAll(items: readonly SignedItem[]): Promise<boolean[]> {
    if (this.believes) return items.map(() => true);
    const keys = items.map(({ data, signature, hotkey }) =>
      createHash('sha256')
        .update(data)
        .update(`${String(signature)} ${String(hotkey)}`)
        .digest('base64'),
    );
    const fresh = items
      .map((item, at) => ({ item, key: keys[at]! }))
      .filter(({ key }) => !this.verdicts.has(key));
    const found = await this.pool.verifyAll(fresh.map(({ item }) => item));
    for (const [at, { key }] of fresh.entries()) this.verdicts.set(key, found[at]!);
    return keys.map((key) => this.verdicts.get(key)!);
  }

  /** How many signatures were verified. */
  get count(): number {
    return this.verdicts.size;
  }

  close(): Promise<void> {
    return this.pool.close();
  }
}
