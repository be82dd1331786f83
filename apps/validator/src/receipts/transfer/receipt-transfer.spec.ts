import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { ChainError } from '@horde/chain';
import type { Database } from '@horde/database';
import { Keypair } from '@horde/identity';
import { receiptText, type ReceiptPayload } from '@horde/protocol';
import { pageAt, pageTime } from '@horde/receipts';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { PageServer } from '@horde/testing/page-server';
import { accepted, finished, pageLine, started } from '@horde/testing/receipts';
import { chainOf, newTransfer } from '../../testing/new-transfer.ts';
import { openTestDatabase } from '../../testing/open-test-database.ts';
import type { ReceiptTransfer } from './receipt-transfer.ts';
import { KnownValidators } from './known-validators.ts';
import type { TransferMetrics } from './transfer-metrics.ts';

const validator = Keypair.generate();
const miner = Keypair.generate();
const of = { validator, miner };
let database: Database;
let server: PageServer;
let metrics: TransferMetrics;
/** Who may validate, as the chain says; null: it does not answer. */
let onChain: string[] | null;
let closing: (() => unknown)[] = [];

beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.dataSource.destroy());
beforeEach(async () => {
  await database.manager.query('truncate receipt, receipt_page, known_validator, miner cascade');
  onChain = [validator.address];
  server = new PageServer();
  await server.start();
});
afterEach(async () => {
  await Promise.all(closing.map((close) => close()));
  closing = [];
  await server.stop();
});

const chain = chainOf(async () => {
  if (!onChain) throw new ChainError('unreachable', 'The chain is away.');
  return onChain;
});

/** A process that fetches receipts. */
function newProcess(): ReceiptTransfer {
  const made = newTransfer(database, chain);
  metrics = made.metrics;
  closing.push(made.close);
  return made.transfer;
}

const never = new AbortController().signal;
const source = (keypair = miner) => ({ hotkey: keypair.address, ip: '127.0.0.1', port: server.port });
const fetchOnce = (transfer = newProcess(), sources = [source()]) => transfer.once(never, sources);
const current = () => pageAt(Date.now());
const stored = async () =>
  (await database.manager.query<{ payload: string }[]>('select payload from receipt')).map(
    (row) => row.payload,
  );
const textsOf = (...payloads: ReceiptPayload[]) => payloads.map(receiptText).toSorted();
async function figure(name: 'lineErrors' | 'transferErrors'): Promise<Record<string, number>> {
  const { values } = await metrics[name].get();
  return Object.fromEntries(values.map(({ labels, value }) => [labels.exc_type, value]));
}
const received = async () => (await metrics.receipts.get()).values[0]!.value;

describe('the pages of a miner', () => {
  it('are read as they grow: each receipt comes once, with both signatures', async () => {
    const page = current();
    const transfer = newProcess();
    const jobs = [1, 2, 3].map(() => ({ ...of, uuid: randomUUID() }));
    const all: ReceiptPayload[] = [];
    for (const job of jobs) {
      const payloads = [started(job), accepted(job), finished(job)];
      server.append(page, payloads.map((payload) => `${pageLine(payload, of)}\n`).join(''));
      all.push(...payloads);
      await fetchOnce(transfer);
    }
    expect((await stored()).toSorted()).toEqual(textsOf(...all));
    expect(await received()).toBe(9);
    const rows = await database.manager.query<object[]>('select from receipt where miner_signature is null');
    expect(rows).toEqual([]);
    expect(await figure('lineErrors')).toEqual({});
  });

  it('are read on when a line that was not finished is', async () => {
    const line = `${pageLine(started(of), of)}\n`;
    const page = current();
    server.append(page, line + line.slice(0, 100));
    const transfer = newProcess();
    await fetchOnce(transfer);
    expect(await received()).toBe(1);
    server.append(page, `${line.slice(100)}${pageLine(finished(of), of)}\n`);
    await fetchOnce(transfer);
    expect(server.asked.filter((asked) => asked.page === page)).toEqual([
      { page, from: 0 },
      { page, from: Buffer.byteLength(line) },
    ]);
    expect(await received()).toBe(3);
    expect(await figure('lineErrors')).toEqual({});
  });

  it('of the last six hours are read, as scoring needs them, and those that are complete not again', async () => {
    const pages = [3, 40, 71].map((back) => current() - back);
    const payloads = pages.map((page) => {
      const payload = finished({ ...of, at: page * pageTime });
      server.append(page, `${pageLine(payload, of)}\n`);
      return payload;
    });
    server.append(current() - 74, `${pageLine(finished(of), of)}\n`);
    await fetchOnce();
    expect((await stored()).toSorted()).toEqual(textsOf(...payloads));
    server.asked = [];
    await fetchOnce();
    expect(server.asked.every(({ page }) => page >= current() - 3)).toBe(true);
  });

  it('that are too old to be read are forgotten, also by a process that goes on', async () => {
    const transfer = newProcess();
    server.append(current(), `${pageLine(started(of), of)}\n`);
    await database.manager.query(
      `insert into miner (hotkey, uid, ip, port) values ($1, 1, '127.0.0.1', $2)`,
      [miner.address, server.port],
    );
    const stop = new AbortController();
    const following = transfer.follow(() => 20, stop.signal);
    closing.push(vi.useRealTimers, () => stop.abort());
    const pages = () =>
      database.manager.query<{ page: number }[]>('select page from receipt_page order by 1');
    const page = current();
    await expect.poll(pages).toContainEqual({ page });
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 7 * 3_600_000 });
    await expect.poll(pages).not.toContainEqual({ page });
    stop.abort();
    await following;
  });

  it('of the reference’s own making are read, the oldest generation’s among them', async () => {
    const vectors = JSON.parse(readFileSync('tests/recorded/vectors.json', 'utf8')) as Record<
      string,
      { text: string; validator_signature: string; miner_signature?: string }
    >;
    const { R1, R2, R3, R3o } = vectors;
    const { validator_hotkey } = JSON.parse(R1!.text) as Record<string, string>;
    // Theirs has the key of this seed, and countersigns the text as it is.
    const theirs = Keypair.fromSeed(new Uint8Array(32).fill(8));
    onChain = [validator_hotkey!];
    for (const lines of [
      [R1, R2, R3],
      [R1, R2, R3o],
    ]) {
      await database.manager.query('truncate receipt, receipt_page');
      server.pages.clear();
      for (const { text, ...signatures } of lines as NonNullable<(typeof lines)[number]>[])
        server.append(
          current(),
          `${JSON.stringify({
            payload: JSON.parse(text) as unknown,
            validator_signature: signatures.validator_signature,
            miner_signature: signatures.miner_signature ?? theirs.signHex(text),
          })}\n`,
        );
      await fetchOnce(newProcess(), [source(theirs)]);
      expect((await stored()).toSorted()).toEqual(lines.map((line) => line!.text).toSorted());
      expect(await figure('lineErrors')).toEqual({});
    }
  });
});

describe('a bad line is counted, and stops nothing:', () => {
  const stranger = Keypair.generate();
  const good = started(of);
  const line = (payload: ReceiptPayload, signers = of) => pageLine(payload, signers);
  it.each<[string, string, () => string]>([
    ['one that is no JSON', 'ValidationError', () => '{"payload":'],
    ['one of another shape', 'ValidationError', () => '[]'],
    ['one beyond the bounds', 'ValidationError', () => line(started(of, { ttl: -1 }))],
    ['one longer than a receipt can be', 'LineTooLong', () => `"${'x'.repeat(300_000)}"`],
    [
      'one whose validator has not signed it',
      'BadValidatorReceiptSignature',
      () => line(started(of), { validator: stranger, miner }),
    ],
    [
      'one whose miner has not signed it',
      'BadMinerReceiptSignature',
      () => line(started(of), { validator, miner: stranger }),
    ],
    [
      'one that was changed afterwards',
      'BadValidatorReceiptSignature',
      () => line(finished(of)).replace('"10.000000"', '"90.000000"'),
    ],
    [
      'one of a hotkey that may not validate',
      'UnknownValidator',
      () => line(started({ validator: stranger, miner }), { validator: stranger, miner }),
    ],
    [
      'one of another miner',
      'ForeignReceipt',
      () => line(started({ validator, miner: stranger }), { validator, miner: stranger }),
    ],
    [
      'one of more than an hour ahead',
      'FutureDatedReceipt',
      () => line(started({ ...of, at: Date.now() + 3_660_000 })),
    ],
  ])('%s', async (_what, fault, bad) => {
    server.append(current(), `${line(good)}\n${bad()}\n${line(finished(of))}\n`);
    await fetchOnce();
    expect(await received()).toBe(2);
    expect(await stored()).toHaveLength(2);
    expect(await figure('lineErrors')).toEqual({ [fault]: 1 });
    expect(await figure('transferErrors')).toEqual({});
  });

  it('a score that cannot be read is no bad line: the receipt is stored, and the score is not', async () => {
    server.append(current(), `${line(finished(of, { score_str: '1.5' }))}\n`);
    await fetchOnce();
    expect(await database.manager.query('select score from receipt')).toEqual([{ score: null }]);
  });

  it('a page of nothing but bad lines is given up', async () => {
    const page = current();
    server.append(page, 'x\n'.repeat(200_000) + `${line(good)}\n`);
    const transfer = newProcess();
    await fetchOnce(transfer);
    await fetchOnce(transfer);
    expect(await figure('lineErrors')).toEqual({ ValidationError: 500 });
    expect(server.asked.filter((asked) => asked.page === page)).toHaveLength(1);
  });

  it('a line without an end is left out, however long, and the page is read on', async () => {
    const page = current();
    server.append(page, 'x'.repeat(3_000_000));
    const transfer = newProcess();
    await fetchOnce(transfer);
    server.append(page, `\n${line(good)}\n`);
    await fetchOnce(transfer);
    expect(await received()).toBe(1);
  });
});

describe('a miner', () => {
  it('that shows the receipts of another one gets them not counted twice, nor taken from that one', async () => {
    const thief = Keypair.generate();
    server.append(current(), `${pageLine(finished(of), of)}\n`);
    const transfer = newProcess();
    await fetchOnce(transfer, [source(thief), source()]);
    expect(await stored()).toHaveLength(1);
    expect(await figure('lineErrors')).toEqual({ ForeignReceipt: 1 });
  });

  it('that does not answer holds up no other one', async () => {
    const silent = { hotkey: Keypair.generate().address, ip: '127.0.0.1', port: 1 };
    server.append(current(), `${pageLine(finished(of), of)}\n`);
    await fetchOnce(newProcess(), [silent, source()]);
    expect(await stored()).toHaveLength(1);
    expect(Object.keys(await figure('transferErrors'))).toEqual(['Unreachable']);
  });

  it('that lies about ranges gets nothing in, and what is there already stays', async () => {
    const page = current();
    server.append(page, `${pageLine(started(of), of)}\n`);
    const transfer = newProcess();
    await fetchOnce(transfer);
    const all = `${pageLine(finished(of), of)}\n`.repeat(3);
    const lies: RequestListener[] = [
      (_request, response) => response.writeHead(200).end(all),
      (_request, response) => response.writeHead(206, { 'content-range': 'bytes 0-9/10' }).end(all),
    ];
    for (const lie of lies) {
      server.answer = (request, response) =>
        request.url === `/receipts/${page}.jsonl` && request.headers.range
          ? lie(request, response)
          : response.writeHead(404).end();
      await fetchOnce(transfer);
    }
    expect(await received()).toBe(1);
    expect(await figure('transferErrors')).toEqual({ UnexpectedStatus: 1, WrongRange: 1 });
    server.answer = null;
    server.append(page, `${pageLine(finished(of), of)}\n`);
    await fetchOnce(transfer);
    expect(await received()).toBe(2);
  });
});

describe('each line comes once, and none is skipped,', () => {
  it('when connections break amid a page, and the process ends in between', async () => {
    const page = current();
    const payloads = Array.from({ length: 100 }, () => finished(of));
    const text = payloads.map((payload) => `${pageLine(payload, of)}\n`).join('');
    server.answer = (request, response) => {
      if (request.url !== `/receipts/${page}.jsonl`) return void response.writeHead(404).end();
      const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? 'bytes=0-')![1]);
      if (from >= text.length) return void response.writeHead(416).end();
      const range = { 'content-range': `bytes ${from}-${text.length - 1}/${text.length}` };
      response.writeHead(from ? 206 : 200, { ...range, 'content-length': text.length - from });
      response.write(text.slice(from, from + 25_000), () => setImmediate(() => response.destroy()));
    };
    let inserted = 0;
    for (let i = 0; i < 20 && (await stored()).length < payloads.length; i++) {
      await fetchOnce(newProcess());
      inserted += await received();
    }
    expect((await stored()).toSorted()).toEqual(textsOf(...payloads));
    expect(inserted).toBe(payloads.length);
  });

  it('when the database refuses them', async () => {
    server.append(current(), `${pageLine(finished(of), of)}\n`);
    const transfer = newProcess();
    await database.manager.query(`alter table receipt add constraint refused check (score < 0)`);
    await expect(fetchOnce(transfer)).rejects.toThrow('refused');
    expect(await stored()).toEqual([]);
    await database.manager.query('alter table receipt drop constraint refused');
    await fetchOnce(transfer);
    expect(await stored()).toHaveLength(1);
  });

  it('when nobody knows their validator yet and the chain is away', async () => {
    onChain = null;
    server.append(current(), `${pageLine(finished(of), of)}\n`);
    const transfer = newProcess();
    await expect(fetchOnce(transfer)).rejects.toThrow('The chain is away.');
    expect(await stored()).toEqual([]);
    expect(await figure('lineErrors')).toEqual({});
    expect(await figure('transferErrors')).toEqual({ ChainError: 1 });
    onChain = [validator.address];
    await fetchOnce(transfer);
    expect(await stored()).toHaveLength(1);
  });
});

it('a validator that may no longer validate is known for two days, as long as receipts are kept', async () => {
  const validators = new KnownValidators(chain, database);
  const known = () => database.manager.query('select hotkey, stake from known_validator');
  await validators.refresh();
  expect(await known()).toEqual([{ hotkey: validator.address, stake: 1 }]);
  onChain = [];
  await database.manager.query(`update known_validator set seen_at = now() - interval '47 hours'`);
  await validators.refresh();
  expect(await known()).toEqual([{ hotkey: validator.address, stake: 0 }]);
  server.append(current(), `${pageLine(finished(of), of)}\n`);
  await fetchOnce();
  expect(await stored()).toHaveLength(1);
  await database.manager.query(`update known_validator set seen_at = now() - interval '49 hours'`);
  await validators.refresh();
  expect(await validators.including([validator.address])).toEqual(new Set());
});
