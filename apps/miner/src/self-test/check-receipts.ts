import { setTimeout as sleep } from 'node:timers/promises';
import type { INestApplicationContext } from '@nestjs/common';
import { Database } from '@horde/database';
import { verifyHex } from '@horde/identity';
import { parseJson, readObject, Receipt, receiptTexts, type JsonObject } from '@horde/protocol';
import { pageAt } from '@horde/receipts';
import { MinerConfig } from '../dynamic-config/miner-config.ts';
import { fail, ok, fullReasonOf, warn, type Finding } from '@horde/commands';
import type { StoredReceipt } from '../receipts/stored-receipt.entity.ts';
import type { TestedMiner } from './run-test-job.ts';

/** How long receipts may take to be stored, and then to be on a page. @unit ms */
const patience = 15_000;
/** @unit ms */
const pause = 250;

type Row = Pick<StoredReceipt, 'payload' | 'validator_signature' | 'miner_signature'>;

/** Looks for the three receipts of each job that was done: stored, signed by both, and on a page. @param since ms since 1970 */
export async function checkReceipts(
  app: INestApplicationContext,
  miner: TestedMiner,
  jobs: string[],
  since: number,
): Promise<Finding[]> {
  const wanted = jobs.length * 3;
  const stored = await until(miner.signal, wanted, async () => {
    const rows = await app
      .get(Database)
      .manager.query<Row[]>(
        'select payload, validator_signature, miner_signature from receipt where job_uuid = any ($1::uuid[])',
        [jobs],
      );
    return rows.filter((row) => signedByBoth([row.payload], row, miner)).length;
  });
  if (stored < wanted) {
    const fix = "Look for receipts in the miner's log: it says why it drops one.";
    return [fail('receipts', `${stored} of ${wanted} receipts are stored with both signatures.`, fix)];
  }
  const receipts = ok('receipts', `All ${wanted} are stored, signed by both sides.`);
  if (!app.get(MinerConfig).get('DYNAMIC_RECEIPT_TRANSFER_ENABLED')) {
    const fix =
      'Run `miner set_dynamic_config DYNAMIC_RECEIPT_TRANSFER_ENABLED true` if validators are to fetch receipts.';
    return [
      receipts,
      warn('receipt pages', 'No pages are served: DYNAMIC_RECEIPT_TRANSFER_ENABLED is false.', fix),
    ];
  }
  return [receipts, await checkPages(miner, jobs, since)];
}

async function checkPages(miner: TestedMiner, jobs: string[], since: number): Promise<Finding> {
  const check = 'receipt pages';
  const wanted = jobs.length * 3;
  const fix =
    'Let `GET /receipts/…` through to the miner, ranges included; look for receipts in its log, and at LOCAL_RECEIPTS_ROOT.';
  try {
    const served = await until(miner.signal, wanted, async () => {
      const lines = (await Promise.all(pagesSince(since).map((page) => fetchPage(miner, page)))).flat();
      return lines.filter((line) => isOf(line, jobs, miner)).length;
    });
    if (served < wanted)
      return fail(check, `${served} of ${wanted} receipts are on the pages that are served.`, fix);
    await checkRange(miner, pagesSince(since).at(-1)!);
    return ok(check, `All ${wanted} receipts are served at http://${miner.address}/receipts/.`);
  } catch (error) {
    miner.signal.throwIfAborted();
    return fail(check, `The pages cannot be fetched as validators do: ${fullReasonOf(error)}.`, fix);
  }
}

/** Counts again and again until there are enough, or the time is over. */
async function until(signal: AbortSignal, wanted: number, count: () => Promise<number>): Promise<number> {
  for (const end = performance.now() + patience; ; await sleep(pause, undefined, { signal })) {
    const found = await count();
    if (found >= wanted || performance.now() > end) return found;
  }
}

function pagesSince(since: number): number[] {
  const [first, last] = [pageAt(since), pageAt(Date.now())];
  return Array.from({ length: last - first + 1 }, (_, at) => first + at);
}

const pageUrl = ({ address }: TestedMiner, page: number): string =>
  `http://${address}/receipts/${page}.jsonl`;

async function fetchPage(miner: TestedMiner, page: number): Promise<string[]> {
  const answer = await fetch(pageUrl(miner, page), { redirect: 'manual', signal: miner.signal });
  const text = await answer.text();
  if (answer.status === 404) return [];
  if (answer.status !== 200) throw new Error(`${pageUrl(miner, page)} answers with ${answer.status}`);
  return text.split('\n').filter(Boolean);
}

/** Validators fetch what is new on a page as a range of it: a proxy in between must let that be. */
async function checkRange(miner: TestedMiner, page: number): Promise<void> {
  const headers = { range: 'bytes=1-', 'accept-encoding': '' };
  const answer = await fetch(pageUrl(miner, page), { headers, redirect: 'manual', signal: miner.signal });
  await answer.body?.cancel();
  if (answer.status === 404) return; // nothing on the newest page yet
  if (answer.status !== 206 || !/^bytes 1-\d+\/\d+$/.test(answer.headers.get('content-range') ?? ''))
    throw new Error(`a range of ${pageUrl(miner, page)} is answered with ${answer.status}`);
}

function isOf(line: string, jobs: string[], miner: TestedMiner): boolean {
  const receipt = readObject(Receipt, parseJson(line) as JsonObject);
  return (
    jobs.includes(receipt.payload.job_uuid) && signedByBoth(receiptTexts(receipt.payload), receipt, miner)
  );
}

const signedByBoth = (
  texts: string[],
  signatures: Pick<Receipt, 'validator_signature' | 'miner_signature'>,
  { validator }: TestedMiner,
): boolean =>
  texts.some(
    (text) =>
      verifyHex(text, signatures.validator_signature, validator.hotkey) &&
      verifyHex(text, signatures.miner_signature, validator.miner),
  );
