import { open, rm, stat, type FileHandle } from 'node:fs/promises';
import { Exclusive } from './exclusive.ts';
import { lockFolder } from './folder-lock.ts';
import { missing } from './missing.ts';
import { pageAt, type Pages } from './pages.ts';
import { firstNul, wholeLines } from './whole-lines.ts';

/**
 * - `synced`: a line counts as stored when the disk has it;
 * - `written`: when the system has it; a machine that loses its power loses the last moments.
 */
export type Durability = 'synced' | 'written';

export interface PageStoreOptions {
  /** @default synced */
  durability?: Durability;
  /** ms since 1970. @default Date.now */
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
 * Puts receipts on the pages that a miner shows to everyone: one receipt a line, appended only. What is appended while
 * another write is under way is written together with it, so the cost of a line does not grow with the page, nor with
 * how many come at once.
 */
export class PageStore {
  private readonly waiting: Waiting[] = [];
  private readonly turns = new Exclusive();
  private current: OpenPage | null = null;
  /**
   * A clock that is set back by moments does not bring receipts back to the page before; they follow one that is set back
   * by more, because nobody looks for receipts on pages that are to come.
   */
  private newest = 0;

  private constructor(
    private readonly pages: Pages,
    private readonly durability: Durability,
    private readonly now: () => number,
    private readonly unlock: () => void,
  ) {}

  /**
   * Takes the folder for this process, makes it if it is missing, and cuts off lines that an earlier process has not
   * finished.
   * @returns null when another process, or another store of this one, has the folder
   */
  static async open(pages: Pages, options: PageStoreOptions = {}): Promise<PageStore | null> {
    const { durability = 'synced', now = Date.now } = options;
    await pages.make();
    const unlock = lockFolder(pages.folder);
    if (!unlock) return null;
    const store = new PageStore(pages, durability, now, unlock);
    try {
      await store.repair();
      return store;
    } catch (error) {
      unlock();
      throw error;
    }
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

  /** Writes what waits, and lets go of the folder. */
  async close(): Promise<void> {
    await this.turns.run(() => this.leave());
    this.unlock();
  }

  private async writeWaiting(): Promise<void> {
    const batch = this.waiting.splice(0);
    try {
      const due = pageAt(this.now());
      if (due !== this.newest - 1) this.newest = due;
      const page = await this.enter(this.newest);
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
      this.pages.showUpTo({ page: page.page, size: page.size });
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
    const name = this.pages.file(page);
    const isNew = !(await stat(name).catch(missing));
    const file = await open(name, isNew ? 'wx+' : 'r+', 0o644);
    try {
      const size = isNew ? 0 : await cutTornLine(file);
      // Made before the clock was set back, it would lack what comes now.
      await rm(`${name}.gz`, { force: true });
      if (isNew && this.durability === 'synced') await this.syncFolder();
      this.current = { page, file, size };
      this.pages.showUpTo({ page, size });
      return this.current;
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  private async leave(): Promise<void> {
    const { current } = this;
    this.current = null;
    this.pages.showUpTo(null);
    await current?.file.close();
  }

  private async repair(): Promise<void> {
    for (const page of await this.pages.pages()) {
      if (await stat(`${this.pages.file(page)}.gz`).catch(missing)) continue;
      const file = await open(this.pages.file(page), 'r+');
      await cutTornLine(file).finally(() => file.close());
    }
  }

  /** A file's name is only safe when its folder is. */
  private async syncFolder(): Promise<void> {
    const folder = await open(this.pages.folder, 'r');
    await folder.sync().finally(() => folder.close());
  }
}

async function cutTornLine(file: FileHandle): Promise<number> {
  const whole = await wholeLines(file, await firstNul(file));
  if (whole < (await file.stat()).size) await file.truncate(whole);
  return whole;
}
