import { Keypair } from '@horde/identity';
import { pageAt } from '@horde/receipts';
import { PageServer } from '@horde/testing/page-server';
import { accepted, finished, pageLine, started } from '@horde/testing/receipts';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startFacilitator, type RunningFacilitator } from '../testing/running-facilitator.ts';
import { MinerDirectory } from '../miners/miner-directory.ts';
import { FacilitatorSettings } from '../settings.ts';
import { ReceiptFetch } from './receipt-fetch.ts';

const [validator, miner] = [Keypair.generate(), Keypair.generate()];
const of = { validator, miner };
let facilitator: RunningFacilitator;
let receipts: ReceiptFetch;
let server: PageServer;
const query = <T>(sql: string, ...values: unknown[]) => facilitator.database.manager.query<T[]>(sql, values);
const stored = () => query<{ receipt_type: string }>('select receipt_type from receipt order by 1');
const { signal } = new AbortController();
const source = (hotkey = miner.address) => ({ hotkey, ip: '127.0.0.1', port: server.port });
const fetchReceipts = (...miners: ReturnType<typeof source>[]) =>
  receipts.fetch(signal, miners.length > 0 ? miners : undefined);

beforeAll(async () => {
  facilitator = await startFacilitator([validator.address]);
  const { app, database } = facilitator;
  receipts = new ReceiptFetch(database, app.get(MinerDirectory), app.get(FacilitatorSettings));
});
afterAll(async () => {
  await receipts.onApplicationShutdown();
  await facilitator.stop();
});
beforeEach(async () => {
  await query('truncate receipt');
  server = new PageServer();
  await server.start();
});
afterEach(() => server.stop());

describe('receipts of a miner', () => {
  it('are fetched from all its pages of the last hours, each once', async () => {
    const now = Date.now();
    server.append(pageAt(now), `${pageLine(started(of), of)}\n${pageLine(accepted(of), of)}\n`);
    server.append(pageAt(now - 4 * 3_600_000), `${pageLine(finished(of), of)}\n`);
    server.append(pageAt(now - 8 * 3_600_000), `${pageLine(finished(of), of)}\n`);
    expect(await fetchReceipts(source())).toEqual({ miners: 1, stored: 3, faults: {}, failed: new Map() });
    expect((await fetchReceipts(source())).stored).toBe(0);
    expect((await stored()).map(({ receipt_type }) => receipt_type)).toEqual([
      'JobAcceptedReceipt',
      'JobFinishedReceipt',
      'JobStartedReceipt',
    ]);
  });

  it('count only where both have signed them, the miner is the one that shows them, and the validator is known', async () => {
    const stranger = Keypair.generate();
    const payload = finished(of);
    const lines = [
      'x'.repeat(300_000),
      '{}',
      pageLine(finished({ validator, miner: stranger }), { validator, miner: stranger }),
      pageLine(finished({ validator: stranger, miner }), { validator: stranger, miner }),
      pageLine(payload, { validator: stranger, miner }),
      pageLine(payload, { validator, miner: stranger }),
      pageLine(finished({ ...of, at: Date.now() + 2 * 3_600_000 }), of),
      pageLine(started(of), of),
    ];
    server.append(pageAt(Date.now()), lines.map((line) => `${line}\n`).join(''));
    expect(await fetchReceipts(source())).toMatchObject({
      stored: 1,
      faults: {
        LineTooLong: 1,
        ValidationError: 1,
        ForeignReceipt: 1,
        UnknownValidator: 1,
        BadValidatorReceiptSignature: 1,
        BadMinerReceiptSignature: 1,
        FutureDatedReceipt: 1,
      },
    });
  });

  it('come although another miner does not answer, which is named', async () => {
    server.append(pageAt(Date.now()), `${pageLine(started(of), of)}\n`);
    const silent = { ...source(Keypair.generate().address), port: 1 };
    const { stored: count, failed } = await fetchReceipts(silent, source());
    expect([count, [...failed.keys()]]).toEqual([1, [silent.hotkey]]);
  });

  it('are not asked for at an address of the facilitator’s own network that the chain names', async () => {
    await query(
      `insert into miner (hotkey, active, ip, port) values ($1, true, '127.0.0.1', $2)`,
      miner.address,
      server.port,
    );
    expect(await fetchReceipts()).toMatchObject({ miners: 0, stored: 0 });
    expect(server.asked).toEqual([]);
  });
});
