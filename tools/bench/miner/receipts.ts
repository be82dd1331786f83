/** What a receipt costs: from a validator's frame to its row, committed, and its line, synced, with both signatures. */
import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { JobAcceptedPayload, JobAcceptedReceipt, make, receiptText, wireTimeNow } from '@horde/protocol';
import type { Peer } from '@horde/testing/peer';
import type { ScriptedValidator } from '@horde/testing/validator-miner/scripted-validator';
import { RecordingManager } from '@horde/testing/recording-manager';
import { MinerUnderTest } from '../../../apps/miner/src/testing/miner.ts';
import type { Figure } from '../figure.ts';
import { median } from './median.ts';
import { withPostgres } from './with-postgres.ts';

/** Receipts that are sent without a pause. */
const round = 1_000;
/** How many rounds at the beginning, and at the end, count for the comparison of the two. */
const compared = 10;
/** Each with a connection of its own. */
const validators = 50;

interface Sender {
  validator: ScriptedValidator;
  peer: Peer;
}

/** @param rounds of 1,000 receipts */
export async function receiptFigures(rounds = 100): Promise<Figure[]> {
  process.env['LOG_LEVEL'] = 'error';
  return withPostgres((folder) => measure(path.join(folder, 'pages'), rounds));
}

async function measure(pages: string, rounds: number): Promise<Figure[]> {
  const miner = await MinerUnderTest.start(new RecordingManager(), {
    receiptsRoot: pages,
    receiptTransfer: true,
  });
  try {
    const senders: Sender[] = [];
    for (let i = 0; i < validators; i++) {
      const validator = await miner.validator();
      senders.push({ validator, peer: await validator.login() });
    }
    const took: number[] = [];
    // The first round warms up.
    for (let i = 0; i <= rounds; i++) took.push(await timed(miner, await prepared(miner, senders)));
    took.shift();
    const [{ count }] = (await miner.query(
      'select count(*)::int as count from receipt where page is not null',
    )) as [{ count: number }];
    if (count !== (rounds + 1) * round) throw new Error(`Only ${count} receipts are on a page.`);
    return [
      {
        name: 'receipts, frame to committed row and synced line',
        value: round / (median(took) / 1000),
        unit: '1/s',
        bar: 1_000,
        atLeast: true,
        note: `${validators} validators, rounds of ${round}, median of ${rounds}`,
      },
      {
        name: `receipts, the last ${round} of ${rounds * round} beside the first`,
        value: median(took.slice(-compared)) / median(took.slice(0, compared)),
        unit: 'times',
        bar: 1.1,
        atLeast: false,
        note: `medians of ${compared} rounds`,
      },
    ];
  } finally {
    await miner.close();
  }
}

/** Ended jobs, and their signed receipts, a share for each sender. */
async function prepared(miner: MinerUnderTest, senders: Sender[]): Promise<[Peer, JobAcceptedReceipt[]][]> {
  const jobs = Array.from({ length: round }, (_, i) => {
    const { validator, peer } = senders[i % senders.length]!;
    return { uuid: randomUUID() as string, validator, peer };
  });
  await miner.query(
    `insert into job (uuid, validator_hotkey, executor_class, status, initial_request, executor_token, slot_held,
       deadline, ended_at)
     select uuid, hotkey, 'always_on.test', 'completed', '{}', uuid, false, now(), now()
     from unnest($1::uuid[], $2::text[]) as made (uuid, hotkey)`,
    jobs.map(({ uuid }) => uuid),
    jobs.map(({ validator }) => validator.hotkey),
  );
  return senders.map(({ peer, validator }) => [
    peer,
    jobs.filter((job) => job.peer === peer).map(({ uuid }) => signed(miner.hotkey, validator, uuid)),
  ]);
}

function signed(miner: string, { hotkey, keypair }: ScriptedValidator, job_uuid: string): JobAcceptedReceipt {
  const payload = make(JobAcceptedPayload, {
    job_uuid,
    miner_hotkey: miner,
    validator_hotkey: hotkey,
    timestamp: wireTimeNow(),
    time_accepted: wireTimeNow(),
    ttl: 100,
  });
  return make(JobAcceptedReceipt, { payload, signature: keypair.signHex(receiptText(payload)) });
}

/** @returns ms */
async function timed(miner: MinerUnderTest, shares: [Peer, JobAcceptedReceipt[]][]): Promise<number> {
  const started = performance.now();
  await Promise.all(
    shares.map(async ([peer, receipts]) => {
      for (const receipt of receipts) await peer.send(receipt);
      await peer.settled();
    }),
  );
  await miner.receiptsShown();
  return performance.now() - started;
}
