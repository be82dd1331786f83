import { randomInt, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { Database } from '@horde/database';
import { Keypair } from '@horde/identity';
import {
  ExecutorClass,
  JobAcceptedPayload,
  JobFinishedPayload,
  JobStartedPayload,
  make,
  receiptText,
  wireTimeNow,
  type ReceiptPayload,
} from '@horde/protocol';
import { countersigned } from './receipt-rules.ts';
import { Receipts } from './receipts.ts';

/** Keys that everybody knows: what they sign proves nothing. */
const fakeValidator = Keypair.fromSeed(new Uint8Array(32).fill(1));
const fakeMiner = Keypair.fromSeed(new Uint8Array(32).fill(2));

const makers: (() => ReceiptPayload)[] = [
  () =>
    make(JobStartedPayload, {
      ...common(),
      executor_class: ExecutorClass[randomInt(ExecutorClass.length)]!,
      is_organic: randomInt(2) === 0,
      ttl: randomInt(60),
    }),
  () => make(JobAcceptedPayload, { ...common(), time_accepted: wireTimeNow(), ttl: randomInt(3_600) }),
  () =>
    make(JobFinishedPayload, {
      ...common(),
      time_started: wireTimeNow(),
      time_took_us: randomInt(3_600_000_000),
      score_str: (randomInt(10_000_000) / 1e6).toFixed(6),
      block_numbers: [],
    }),
];

const common = () => ({
  job_uuid: randomUUID() as string,
  miner_hotkey: fakeMiner.address,
  validator_hotkey: fakeValidator.address,
  timestamp: wireTimeNow(),
});

/** Makes up receipts, to try out their transfer. */
@Injectable()
export class RandomReceipts {
  constructor(
    private readonly database: Database,
    private readonly receipts: Receipts,
  ) {}

  /** Stores receipts of all three types, signed by test keys. @param interval seconds between two of them */
  async create(count: number, interval = 0): Promise<void> {
    for (let made = 0; made < count; made++) {
      if (interval > 0 && made > 0) await sleep(interval * 1000);
      const payload = makers[made % makers.length]!();
      const signature = fakeValidator.signHex(receiptText(payload));
      await this.database.transaction((tx) =>
        this.receipts.store(tx, countersigned(payload, signature, fakeMiner)),
      );
    }
  }
}
