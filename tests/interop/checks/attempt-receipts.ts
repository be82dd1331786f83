import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { pageAt } from '@horde/receipts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MinerUnderTest } from '../../../apps/miner/src/testing/miner.ts';
import { RecordingManager } from '@horde/testing/recording-manager';
import { Subnet } from '../../../apps/validator/src/testing/subnet.ts';
import { playExecutor } from '../../recorded/recorded-executor.ts';
import type { Generation } from '../environment.ts';
import type { Peer } from '../peer.ts';

/** A job of which a Python validator has a finished receipt and the started one. */
interface FinishedJob {
  job_uuid: string;
  miner_hotkey: string;
  started_at_miner: string;
  executor_class: string;
  score: number;
}

const executorClass = 'always_on.test';

/** A validator of ours asks a miner of ours that declines, then another; a Python validator fetches what both show. */
export function attemptReceiptChecks(_generation: Generation, peer: Peer): void {
  describe('of two miners that were asked for one job', () => {
    const subnet = new Subnet(0);
    let folder: string;
    let declines: MinerUnderTest;
    let completes: MinerUnderTest;

    beforeEach(async () => {
      folder = await mkdtemp(path.join(os.tmpdir(), 'horde-interop-attempts-'));
      const start = async (name: string, executors: number) => {
        const settings = { receiptsRoot: path.join(folder, name), receiptTransfer: true };
        const miner = await MinerUnderTest.start(
          new RecordingManager({ [executorClass]: executors }),
          settings,
        );
        await miner.query(
          'insert into validator (hotkey, active, debug) values ($1, true, true)',
          subnet.place.keypair.address,
        );
        return miner;
      };
      [declines, completes] = await Promise.all([start('declines', 1), start('completes', 8)]);
      // Its only executor has a job of somebody else's.
      await (await declines.validator()).accepted();
    });
    afterEach(async () => {
      await Promise.all([declines?.close(), completes?.close()]);
      await rm(folder, { recursive: true, force: true });
    });

    const port = (miner: MinerUnderTest) => Number(new URL(miner.url).port);

    /** Sends jobs until one has gone to the miner that declines first: which is asked first is left to chance. */
    async function declinedThenCompleted(): Promise<[declined: string, completed: string]> {
      for (let sent = 0; ; sent++) {
        const uuid = await subnet.send({ executor_class: executorClass });
        await expect.poll(() => completes.manager.executors).toHaveLength(sent + 1);
        const { token, jobUuid } = completes.manager.executors[sent]!.request;
        await playExecutor('hello', { url: completes.url, token, job: jobUuid! });
        completes.manager.exit(token, 0);
        await subnet.facilitator.update(uuid, 'completed');
        if (jobUuid !== uuid) return [uuid, jobUuid!];
      }
    }

    it('the completed attempt is paid and the declined one is not, in whichever order they are fetched', async ({
      task,
    }) => {
      const peers = [declines, completes].map((miner) => ({ keypair: miner.keypair, port: port(miner) }));
      await subnet.start({}, peers);
      const [declined, completed] = await declinedThenCompleted();
      const finished = (miner: MinerUnderTest, uuid: string) =>
        miner.query(
          'select from receipt where job_uuid = $1 and receipt_type = $2',
          uuid,
          'JobFinishedReceipt',
        );
      await expect.poll(() => finished(declines, declined)).toHaveLength(1);
      await expect.poll(() => finished(completes, completed)).toHaveLength(1);
      for (const miner of [declines, completes]) await miner.receiptsShown();

      const pages = [pageAt(Date.now()) - 1, pageAt(Date.now())];
      for (const order of [
        [declines, completes],
        [completes, declines],
      ]) {
        await peer.ask('forget_receipts');
        for (const miner of order) {
          const source = { hotkey: miner.hotkey, port: port(miner), pages };
          expect(await peer.ask('transfer_receipts', source)).toMatchObject({
            line_errors: [],
            errors: [],
            stored: {
              JobFinishedReceipt: expect.arrayContaining([miner === declines ? declined : completed]),
            },
          });
        }
        const jobs = await peer.ask<FinishedJob[]>('finished_jobs');
        const ofJob = jobs.filter(({ job_uuid }) => [declined, completed].includes(job_uuid));
        // Whoever declines shows no started receipt: nothing can be paid for that attempt.
        expect(ofJob).toEqual([
          {
            job_uuid: completed,
            miner_hotkey: completes.hotkey,
            started_at_miner: completes.hotkey,
            executor_class: executorClass,
            score: 20,
          },
        ]);
      }
      task.meta.count = 2;
    });
  });
}
