import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { inParallel } from '@horde/async';
import { Database } from '@horde/database';
import { VerifierPool } from '@horde/identity';
import { isPublicAddress } from '@horde/network';
import {
  pageAt,
  PageError,
  PageReader,
  pageUrl,
  readLine,
  splitLines,
  verifyReceipts,
  type LineFault,
  type ReceiptSource,
  type VerifiedReceipt,
} from '@horde/receipts';
import { MinerDirectory } from '../miners/miner-directory.ts';
import { FacilitatorSettings } from '../settings.ts';

/** Older pages are not looked at: as far back as ComputeHorde's validators look. @unit ms */
const lookBack = 5 * 3_600_000;
/** How many miners are asked at once, each for a page at a time. */
const atOnce = 10;
/** How long a request may take. @unit ms */
const patience = 3_000;
/** A receipt is never so long. @unit bytes */
const maxLine = 256 * 1_024;
/** So much of a page is read, verified and stored in one go. @unit bytes */
const maxPart = 1_024 * 1_024;
/** What a miner puts on a page behind that is not read. @unit bytes */
const maxPage = 16 * 1_024 * 1_024;
/** A page with so many lines that are no receipts of its miner is none. */
const maxFaults = 500;

/** What fetching receipts has come to. */
export interface ReceiptsFetched {
  miners: number;
  /** Receipts that were not known before. */
  stored: number;
  /** Why lines were left out, and how many. */
  faults: Partial<Record<LineFault, number>>;
  /** Hotkey -> why no more could be read of a miner. */
  failed: Map<string, string>;
}

/** Brings the receipts that miners show into the database. */
@Injectable()
export class ReceiptFetch implements OnApplicationShutdown {
  private readonly reader = new PageReader();
  private readonly pool = new VerifierPool({ maxWaiting: Infinity });

  constructor(
    private readonly database: Database,
    private readonly miners: MinerDirectory,
    private readonly settings: FacilitatorSettings,
  ) {}

  /**
   * Reads the pages of the last hours.
   *
   * @param named only these, wherever they are. Default: those on the chain, which names their addresses: no private ones,
   * unless the settings allow them
   */
  async fetch(signal: AbortSignal, named?: readonly ReceiptSource[]): Promise<ReceiptsFetched> {
    const sources = named ?? (await this.miners.active()).filter(({ ip }) => this.mayAsk(ip));
    const fetched: ReceiptsFetched = { miners: sources.length, stored: 0, faults: {}, failed: new Map() };
    const newest = pageAt(Date.now());
    const oldest = pageAt(Date.now() - lookBack);
    await inParallel(sources, atOnce, async (source) => {
      try {
        for (let page = newest; page >= oldest && !signal.aborted; page--)
          await this.read(source, page, signal, fetched);
      } catch (error) {
        if (!(error instanceof PageError)) throw error;
        fetched.failed.set(source.hotkey, error.message);
      }
    });
    return fetched;
  }

  async onApplicationShutdown(): Promise<void> {
    this.reader.close();
    await this.pool.close();
  }

  private mayAsk(ip: string): boolean {
    return this.settings.privateMiners || isPublicAddress(ip);
  }

  /** Reads a page to its end. @throws PageError */
  private async read(
    source: ReceiptSource,
    page: number,
    signal: AbortSignal,
    fetched: ReceiptsFetched,
  ): Promise<void> {
    const url = new URL(pageUrl(source, page));
    let faults = 0;
    for (let offset = 0; offset < maxPage && faults < maxFaults;) {
      const { bytes, rest } = await this.reader.read(url, {
        offset,
        maxBytes: maxPart,
        signal: AbortSignal.any([signal, AbortSignal.timeout(patience)]),
      });
      const { lines, tooLong, consumed } = splitLines(bytes, maxLine);
      const { receipts, wrong } = await this.verify(lines, source.hotkey);
      fetched.stored += await this.store(receipts);
      for (const fault of [...wrong, ...Array<LineFault>(tooLong).fill('LineTooLong')]) {
        fetched.faults[fault] = (fetched.faults[fault] ?? 0) + 1;
        faults++;
      }
      offset += consumed;
      if (rest === 'none' || consumed === 0) return;
      if (rest !== 'more') throw rest;
    }
  }

  /** Tells good receipts from bad ones. One of a validator that nobody here knows is worth nothing. */
  private async verify(
    lines: readonly string[],
    miner: string,
  ): Promise<{ receipts: VerifiedReceipt[]; wrong: LineFault[] }> {
    const read = lines.map((line) => readLine(line, miner, Date.now()));
    const hotkeys = read.flatMap((one) => (typeof one === 'string' ? [] : [one.payload.validator_hotkey]));
    const rows = await this.database.manager.query<{ hotkey: string }[]>(
      'select hotkey from validator where hotkey = any ($1)',
      [[...new Set(hotkeys)]],
    );
    const known = new Set(rows.map(({ hotkey }) => hotkey));
    const judged = read.map((one) =>
      typeof one === 'string' || known.has(one.payload.validator_hotkey) ? one : 'UnknownValidator',
    );
    const verdicts = await verifyReceipts(
      this.pool,
      judged.filter((one) => typeof one !== 'string'),
    );
    const all = [...judged.filter((one) => typeof one === 'string'), ...verdicts];
    return {
      receipts: all.filter((one) => typeof one !== 'string') as VerifiedReceipt[],
      wrong: all.filter((one) => typeof one === 'string'),
    };
  }

  /** Returns how many of them are new. */
  private async store(receipts: readonly VerifiedReceipt[]): Promise<number> {
    const rows = receipts.map(({ payload, text, validatorSignature, minerSignature }) => ({
      job_uuid: payload.job_uuid,
      receipt_type: payload.receipt_type,
      validator_hotkey: payload.validator_hotkey,
      miner_hotkey: payload.miner_hotkey,
      payload: text,
      validator_signature: validatorSignature,
      miner_signature: minerSignature,
      timestamp: payload.timestamp,
    }));
    const stored = await this.database.manager.query<unknown[]>(
      `insert into receipt (job_uuid, receipt_type, validator_hotkey, miner_hotkey, payload, validator_signature,
         miner_signature, timestamp)
       select * from json_to_recordset($1::json) as given (job_uuid uuid, receipt_type text, validator_hotkey text,
         miner_hotkey text, payload text, validator_signature text, miner_signature text, timestamp timestamptz)
       on conflict do nothing returning 1`,
      [JSON.stringify(rows)],
    );
    return stored.length;
  }
}
