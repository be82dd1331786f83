import type { ExecutorClass } from '@horde/protocol';

/** From this block on a miner offers so many executors of a class. */
export interface ManifestChange {
  block: number;
  /** Not more than one miner may have of the class. */
  count: number;
  /** It offers fewer than before: what it gave for older blocks cannot be spent any more. */
  isDrop: boolean;
}

/** What a miner has offered of one class over time. */
export class Offer {
  /** Older blocks than this give nothing any more; null: all do. */
  readonly lastDrop: number | null;

  /** @param changes oldest first */
  constructor(readonly changes: readonly ManifestChange[]) {
    this.lastDrop = changes.findLast(({ isDrop }) => isDrop)?.block ?? null;
  }

  /** How many executors at a block. */
  count(block: number): number {
    return this.changes.findLast((change) => change.block <= block)?.count ?? 0;
  }

  /** The block at which what it gave for a block was lost: that of the first drop after it; null: it was not. */
  lostAt(block: number): number | null {
    return this.changes.find((change) => change.isDrop && change.block > block)?.block ?? null;
  }
}

/** A miner and a class of executors that it offers. */
export interface Account {
  minerHotkey: string;
  executorClass: ExecutorClass;
}

/** The name of an account among others. */
export const accountKey = ({ minerHotkey, executorClass }: Account): string =>
  `${minerHotkey} ${executorClass}`;

/** The account with this name. */
export const accountOf = (key: string): Account => {
  const end = key.lastIndexOf(' ');
  return { minerHotkey: key.slice(0, end), executorClass: key.slice(end + 1) as ExecutorClass };
};
