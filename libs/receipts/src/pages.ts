import { randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline/promises';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { missing } from './missing.ts';
import { wholeLines } from './whole-lines.ts';

/** How long one page takes receipts. ComputeHorde's. @unit ms */
export const pageTime = 300_000;
/** The page that receipts of this moment are put on. @param at ms since 1970 */
export const pageAt = (at: number): number => Math.floor(at / pageTime);

/** A page as it may be shown. */
export interface Page {
  file: string;
  /** How much of the file may be shown: whole lines, and none that could still be lost. @unit bytes */
  size: number;
  /** The gzip file beside it; null until the page takes no more receipts. */
  archive: string | null;
  changedAt: Date;
}

/** A folder of receipt pages, `{page}.jsonl`, as any process may read, compress and clear it. */
export class Pages {
  private growing: { page: number; size: number } | null = null;

  constructor(readonly folder: string) {}

  async make(): Promise<void> {
    await mkdir(this.folder, { recursive: true });
  }

  file(page: number): string {
    return path.join(this.folder, `${page}.jsonl`);
  }

  /** A page; null when there is none, or no line on it. */
  async page(page: number): Promise<Page | null> {
    const file = this.file(page);
    const stored = await stat(file).catch(missing);
    if (!stored) return null;
    const archive = (await stat(`${file}.gz`).catch(missing)) ? `${file}.gz` : null;
    const known = this.growing?.page === page ? this.growing.size : null;
    const size = known ?? (archive ? stored.size : await sizeOfLines(file));
    return size ? { file, size, archive, changedAt: stored.mtime } : null;
  }

  /** The pages there are, oldest first; none when there is no folder. */
  async pages(): Promise<number[]> {
    const files = await this.files();
    return files.filter(({ rest }) => rest === '').map(({ page }) => page);
  }

  /** The lines of a page, without their line ends. */
  async *lines(page: number): AsyncGenerator<string> {
    const shown = await this.page(page);
    if (shown) yield* createInterface({ input: createReadStream(shown.file, { end: shown.size - 1 }) });
  }

  /**
   * Compresses the pages that take no more receipts, which are all but the newest two.
   * @param now ms since 1970
   * @returns how many
   */
  async archive(now = Date.now()): Promise<number> {
    let made = 0;
    for (const page of await this.pages()) {
      if (page > pageAt(now) - 2 || page === this.growing?.page) continue;
      const shown = await this.page(page);
      if (shown?.archive === null && (await this.compress(page, shown.size))) made++;
    }
    return made;
  }

  /** Removes pages that took receipts only before this time, and their archives. @returns how many pages */
  async evict(before: number): Promise<number> {
    const old = (await this.files()).filter(({ page }) => page < pageAt(before));
    // A page goes before its archive: an archive without its page is never shown.
    for (const { name } of old) await rm(path.join(this.folder, name), { force: true });
    return old.filter(({ rest }) => rest === '').length;
  }

  /** Called by the store only: nothing of this page beyond `size` is shown while it grows. */
  showUpTo(growing: { page: number; size: number } | null): void {
    this.growing = growing;
  }

  /** The files of pages, oldest first, each page before what was made of it. */
  private async files(): Promise<{ name: string; page: number; rest: string }[]> {
    const names = (await readdir(this.folder).catch(missing)) ?? [];
    return names
      .map((name) => ({ name, parts: /^(?<page>\d+)\.jsonl(?<rest>.*)$/.exec(name)?.groups }))
      .filter(({ parts }) => parts !== undefined)
      .map(({ name, parts }) => ({ name, page: Number(parts!['page']), rest: parts!['rest']! }))
      .sort((a, b) => a.page - b.page || a.rest.length - b.rest.length);
  }

  /** False when the page has changed meanwhile: a clock that was set back let it take receipts again. */
  private async compress(page: number, size: number): Promise<boolean> {
    const file = this.file(page);
    const part = `${file}.${randomUUID()}.part`;
    try {
      await pipeline(
        createReadStream(file, { end: size - 1 }),
        createGzip(),
        createWriteStream(part, { mode: 0o644, flush: true }),
      );
      const { growing } = this;
      if (growing?.page === page || (await this.page(page))?.size !== size) return false;
      await rename(part, `${file}.gz`);
      return true;
    } finally {
      await rm(part, { force: true });
    }
  }
}

async function sizeOfLines(name: string): Promise<number> {
  const file = await open(name, 'r').catch(missing);
  return file ? wholeLines(file).finally(() => file.close()) : 0;
}
