import { mkdir, open, readdir, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { createReadStream, createWriteStream } from 'node:fs';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { Exclusive } from './exclusive.ts';
import { wholeLines } from './whole-lines.ts';

/** How long one page takes receipts. ComputeHorde's. @unit ms */
export const pageTime = 300_000;
/** The page that receipts of this moment are put on. @param at ms since 1970 */
export const pageAt = (at: number): number => Math.floor(at / pageTime);

/**
 * - `synced`: a line counts as stored when the disk has it;
 * - `written`: when the system has it; a machine that loses its power loses the last moments.
 */
export type Durability = 'synced' | 'written';

export interface PageStoreOptions {
  /** Holds the pages; made if missing. One process at a time may use it. */
  folder: string;
  /** @default synced */
  durability?: Durability;
  /** @default Date.now */
  now?: () => number;
}

interface Waiting {
  line: string;
  resolve: (page: number) => void;
  reject: (error: unknown) => void;
}

interface OpenPage {
  page: number;
  file: FileHandle;
  /** What is stored of it for good. @unit bytes */
  size: number;
}

/**
 * The receipts that a miner shows to everyone, in files that ComputeHorde's validators fetch: `{page}.jsonl`, one
 * receipt a line, appended only. What is appended while another write is under way is written together with it, so the
 * cost of a line does not grow with the page, nor with how many come at once.
 */
export class PageStore {
  private readonly waiting: Waiting[] = [];
  private readonly turns = new Exclusive();
  private current: OpenPage | null = null;

  private constructor(
    private readonly folder: string,
    private readonly durability: Durability,
    private readonly now: () => number,
  ) {}

  static async open({ folder, durability = 'synced', now = Date.now }: PageStoreOptions): Promise<PageStore> {
    await mkdir(folder, { recursive: true });
    return new PageStore(folder, durability, now);
  }

  /**
   * Puts a line on the current page.
   *
   * @param line without its line end
   * @returns the page, when the line is stored
   */
  append(line: string): Promise<number> {
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    this.waiting.push({ line, resolve, reject });
    if (this.waiting.length === 1) void this.turns.run(() => this.writeWaiting());
    return promise;
  }

  /** Where a page is, and how much of it may be shown: never a part of a line. Null: there is no such page. */
  async page(page: number): Promise<{ file: string; size: number; archive: string | null } | null> {
    const file = this.file(page);
    const stored = await stat(file).catch(missing);
    if (!stored) return null;
    const archive = `${file}.gz`;
    const size = this.current?.page === page ? this.current.size : stored.size;
    return { file, size, archive: (await stat(archive).catch(missing)) ? archive : null };
  }

  /** The pages there are, oldest first. */
  async pages(): Promise<number[]> {
    const names = await readdir(this.folder);
    const numbers = names.map((name) => /^(?<page>\d+)\.jsonl$/.exec(name)?.groups?.['page']);
    return numbers
      .filter((page) => page !== undefined)
      .map(Number)
      .sort((a, b) => a - b);
  }

  /** Compresses the pages that take no more receipts, which are all but the newest two. @returns how many */
  async archive(): Promise<number> {
    const closed = (await this.pages()).filter((page) => page <= pageAt(this.now()) - 2);
    let made = 0;
    for (const page of closed) {
      const { archive } = (await this.page(page)) ?? {};
      if (archive !== null) continue;
      await this.compress(page);
      made++;
    }
    return made;
  }

  /** Removes pages that took receipts only before this time, and their archives. @returns how many */
  async evict(before: number): Promise<number> {
    const old = (await this.pages()).filter((page) => page < pageAt(before));
    for (const page of old) {
      // The page first: an archive without its page is never shown.
      await rm(this.file(page), { force: true });
      await rm(`${this.file(page)}.gz`, { force: true });
    }
    return old.length;
  }

  /** Writes what waits, and lets go of the files. */
  async close(): Promise<void> {
    await this.turns.run(() => this.leave());
  }

  private async writeWaiting(): Promise<void> {
    const batch = this.waiting.splice(0);
    try {
      const page = await this.enter(pageAt(this.now()));
      await this.write(page, Buffer.from(batch.map(({ line }) => `${line}\n`).join('')));
      for (const { resolve } of batch) resolve(page.page);
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }

  private async write(page: OpenPage, bytes: Buffer): Promise<void> {
    try {
      for (let at = 0; at < bytes.length;) {
        const { bytesWritten } = await page.file.write(bytes, at, bytes.length - at, page.size + at);
        at += bytesWritten;
      }
      if (this.durability === 'synced') await page.file.datasync();
      page.size += bytes.length;
    } catch (error) {
      // What may be there of it is cut off when the page is opened again.
      await page.file.truncate(page.size).catch(() => {});
      await this.leave();
      throw error;
    }
  }

  private async enter(page: number): Promise<OpenPage> {
    if (this.current?.page === page) return this.current;
    await this.leave();
    const name = this.file(page);
    const isNew = !(await stat(name).catch(missing));
    const file = await open(name, isNew ? 'wx+' : 'r+', 0o644);
    try {
      const size = await wholeLines(file);
      if (isNew && this.durability === 'synced') await this.syncFolder();
      this.current = { page, file, size };
      return this.current;
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  private async leave(): Promise<void> {
    const { current } = this;
    this.current = null;
    await current?.file.close();
  }

  /** A file's name is only safe when its folder is. */
  private async syncFolder(): Promise<void> {
    const folder = await open(this.folder, 'r');
    await folder.sync().finally(() => folder.close());
  }

  private async compress(page: number): Promise<void> {
    const target = `${this.file(page)}.gz`;
    const part = `${target}.part`;
    await pipeline(createReadStream(this.file(page)), createGzip(), createWriteStream(part, { mode: 0o644 }));
    await rename(part, target);
  }

  private file(page: number): string {
    return path.join(this.folder, `${page}.jsonl`);
  }
}

function missing(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT') return null;
  throw error;
}
