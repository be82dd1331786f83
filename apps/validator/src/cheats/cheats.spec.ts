import { randomUUID } from 'node:crypto';
import { Database } from '@horde/database';
import { Keypair } from '@horde/identity';
import { AcceptJob, ExecutionDone, ExecutorReady, make, VolumesReady } from '@horde/protocol';
import { beforeEach, describe, expect, it } from 'vitest';
import { cheatReport } from '@horde/testing/facilitator-validator/cheat-report';
import { finished, send, wholeJob } from '@horde/testing/validator-miner/miner-script';
import { newJob } from '@horde/testing/facilitator-validator/scripted-facilitator';
import { pino } from 'pino';
import type { Collateral } from '../collateral/collateral.ts';
import { transactionsOpenSince } from '../testing/open-transactions.ts';
import { Scene } from '../testing/scene.ts';
import { Cheats } from './cheats.ts';
import { Slashings } from './slashings.ts';

const scene = new Scene();
beforeEach(async () => {
  for (const table of ['slashing', 'blacklisted_miner', 'miner_incident', 'cheat_report'])
    await scene.place.query(`delete from ${table}`).catch(() => undefined);
});

const start = () =>
  scene.start({ COLLATERAL: JSON.stringify({ [scene.miner.keypair.address]: '3000000000000000' }) });
const completed = async () => {
  scene.miner.script = wholeJob;
  const uuid = await scene.send();
  await scene.facilitator.update(uuid, 'completed');
  return uuid;
};
/** Frames are handled in order: when this job is answered, the reports before it have been handled. */
const handled = async () => {
  const after = newJob(randomUUID(), null);
  await scene.facilitator.send(after);
  await scene.facilitator.update(after.uuid, 'rejected');
};
const rows = (columns: string, table: string) => scene.place.query(`select ${columns} from ${table}`);

describe('a user’s report that a miner cheated', () => {
  it('makes an incident, puts the miner on the blacklist for a while, and slashes it, once for each job', async () => {
    await start();
    const uuid = await completed();
    const report = cheatReport(scene.place.keypair, uuid, 'other numbers');
    for (const message of [report, report, cheatReport(scene.place.keypair, uuid)])
      await scene.facilitator.send(message);
    await handled();
    const hotkey = scene.miner.keypair.address;
    expect(await rows('hotkey, job_uuid, kind', 'miner_incident')).toEqual([
      { hotkey, job_uuid: uuid, kind: 'cheated' },
    ]);
    expect(
      await rows(
        'hotkey, reason, details, extract(epoch from expires_at - blacklisted_at)::int as seconds',
        'blacklisted_miner',
      ),
    ).toEqual([
      {
        hotkey,
        reason: 'JOB_CHEATED',
        details: `Job ${uuid}: its result differs from that of ${report.trusted_job_uuid}. {"why":"other numbers"}`,
        seconds: 14_400,
      },
    ]);
    expect(await rows('job_uuid, miner_hotkey, amount, outcome', 'slashing')).toEqual([
      {
        job_uuid: uuid,
        miner_hotkey: hotkey,
        amount: '5000000000000000',
        outcome: `3000000000000000 wei of ${hotkey} would have been slashed for job ${uuid}: its collateral is only listed here.`,
      },
    ]);
    const events = await rows('data', `system_event where subtype = 'JOB_CHEATED'`);
    expect(events).toMatchObject([{ data: { job_uuid: uuid, miner_hotkey: hotkey } }]);
    expect(await rows('acted_at is not null as acted', 'cheat_report')).toEqual([
      { acted: true },
      { acted: true },
    ]);
  });

  it('by somebody who has not signed the job changes nothing', async () => {
    await start();
    const uuid = await completed();
    const other = Keypair.generate();
    await scene.place.query('insert into whitelisted_hotkey (hotkey) values ($1)', [other.address]);
    await scene.facilitator.send(cheatReport(other, uuid));
    await handled();
    expect(await rows('acted_at', 'cheat_report')).toEqual([{ acted_at: null }]);
    expect(await rows('hotkey', 'miner_incident')).toEqual([]);
  });
});

describe('the fault that a report was dropped which came before its job’s end', () => {
  it('is acted on when the job has completed', async () => {
    const validator = await start();
    const { promise: isReported, resolve: reported } = Promise.withResolvers<void>();
    scene.miner.script = {
      onInitial: ({ job_uuid }, connection) =>
        send(connection, make(AcceptJob, { job_uuid }), make(ExecutorReady, { job_uuid })),
      onJob: async ({ job_uuid }, connection) => {
        await send(connection, make(VolumesReady, { job_uuid }), make(ExecutionDone, { job_uuid }));
        await isReported;
        await send(connection, finished(job_uuid));
      },
    };
    const uuid = await scene.send();
    await scene.facilitator.update(uuid, 'execution_done');
    await scene.facilitator.send(cheatReport(scene.place.keypair, uuid));
    await handled();
    expect(await rows('kind', 'miner_incident')).toEqual([]);
    reported();
    await scene.facilitator.update(uuid, 'completed');
    await validator.get(Cheats).act();
    expect(await rows('kind', 'miner_incident')).toEqual([{ kind: 'cheated' }]);
  });
});

describe('the fault that a crash between a slash and its record took twice', () => {
  it('one that was begun is never begun again, and what is not known is said', async () => {
    const validator = await start();
    await scene.place.query(
      `insert into slashing (job_uuid, miner_hotkey, amount, begun_at) values
       (gen_random_uuid(), $1, 1, now()), (gen_random_uuid(), $1, 1, now() - interval '1 hour')`,
      [scene.miner.keypair.address],
    );
    await validator.get(Cheats).act();
    expect(await rows('outcome', 'slashing order by begun_at desc')).toEqual([
      { outcome: null },
      { outcome: 'It is not known whether it was slashed: the validator ended meanwhile.' },
    ]);
  });
});

describe('the fault that a slash of five minutes kept its job locked', () => {
  it('no transaction is open while collateral is taken', async () => {
    const validator = await start();
    const { promise: isTaken, resolve: take } = Promise.withResolvers<void>();
    const { promise: isAsked, resolve: ask } = Promise.withResolvers<void>();
    const collateral = {
      slash: async () => {
        ask();
        await isTaken;
        return 'It was slashed.';
      },
    } as unknown as Collateral;
    await scene.place.query(
      `insert into slashing (job_uuid, miner_hotkey, amount) values (gen_random_uuid(), 'm', 1)`,
    );
    const slashing = new Slashings(validator.get(Database), collateral, pino({ level: 'silent' })).slash();
    await isAsked;
    const since = new Date();
    await expect.poll(() => transactionsOpenSince(scene.place, since)).toEqual([]);
    take();
    await slashing;
    expect(await rows('outcome', 'slashing')).toEqual([{ outcome: 'It was slashed.' }]);
  });
});
