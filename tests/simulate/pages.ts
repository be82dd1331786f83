import type { MinerPage } from '../../apps/validator/src/receipts/transfer/page-checkpoints.ts';
import { pageUrl } from '@horde/receipts';
import type { SimulatedMiner } from './network.ts';

/** A page has the receipts of so many blocks. */
const blocksOfPage = 100;

interface ShownPage extends MinerPage {
  bytes: Buffer;
}

/** The pages of receipts that miners show, read from memory and not over HTTP. */
export class ShownPages {
  private readonly pages = new Map<string, ShownPage>();

  /** Puts a line on a miner's newest page. */
  show(miner: SimulatedMiner, head: number, line: string): void {
    const page = Math.floor(head / blocksOfPage);
    const url = pageUrl({ hotkey: miner.hotkey, ...miner.axon }, page);
    const shown = this.pages.get(url) ?? { hotkey: miner.hotkey, url, page, bytes: Buffer.alloc(0) };
    shown.bytes = Buffer.concat([shown.bytes, Buffer.from(`${line}\n`)]);
    this.pages.set(url, shown);
  }

  /** Pages that have grown. @param read how much of each was read, by address */
  grown(read: ReadonlyMap<string, number>): ShownPage[] {
    return [...this.pages.values()].filter(({ url, bytes }) => bytes.length > (read.get(url) ?? 0));
  }

  /** As `PageReader`. */
  readonly reader = {
    read: async ({ href }: URL, { offset, maxBytes }: { offset: number; maxBytes: number }) => {
      const { bytes } = this.pages.get(href)!;
      const part = bytes.subarray(offset, offset + maxBytes);
      const rest = offset + part.length < bytes.length ? ('more' as const) : ('none' as const);
      return { bytes: part, rest };
    },
    close: () => undefined,
  };
}
