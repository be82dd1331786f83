import { Keypair } from '@horde/identity';
import { DeclineJob, HordeFailed, make } from '@horde/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ScriptedMiner } from '@horde/testing/validator-miner/scripted-miner';
import { send, wholeJob } from '@horde/testing/validator-miner/miner-script';
import { trustedMinerHotkey } from '../jobs/trusted-miner.ts';
import { Scene } from '../testing/scene.ts';

const scene = new Scene();
let trusted: ScriptedMiner;
beforeEach(async () => {
  trusted = new ScriptedMiner(Keypair.generate());
  await trusted.start();
  await scene.start({ TRUSTED_MINER_ADDRESS: 'localhost', TRUSTED_MINER_PORT: String(trusted.port) });
});
afterEach(() => trusted.stop());

const toTrusted = () => scene.send({ on_trusted_miner: true });

describe('a job for the trusted miner', () => {
  it('goes there and nowhere else, under the placeholder in authentication and receipts, and earns nothing', async () => {
    trusted.script = wholeJob;
    const uuid = await toTrusted();
    await scene.facilitator.update(uuid, 'completed');
    const hotkey = '0'.repeat(48);
    expect(trusted.all('ValidatorAuthForMiner')[0]).toMatchObject({ miner_hotkey: hotkey });
    expect(trusted.initial(uuid)[0]!.job_started_receipt_payload).toMatchObject({ miner_hotkey: hotkey });
    const { payload } = await trusted.finishedReceipt(uuid);
    expect(payload).toMatchObject({ miner_hotkey: hotkey, score_str: '0.000000', block_numbers: [] });
    // Its own hotkey is not the one that it is called by; all else is signed as for any miner.
    expect(trusted.badSignatures).toEqual(['auth for another']);
    expect(scene.miner.received.items).toEqual([]);
    expect(await scene.place.query('select type from system_event')).toEqual([]);
  });

  it('that fails there leaves no incident', async () => {
    trusted.script = {
      onInitial: wholeJob.onInitial,
      onJob: ({ job_uuid }, connection) =>
        send(
          connection,
          make(HordeFailed, { job_uuid, reported_by: 'miner', reason: 'executor_disconnected', message: '' }),
        ),
    };
    await scene.facilitator.update(await toTrusted(), 'horde_failed');
    trusted.script = {
      onInitial: ({ job_uuid }, connection) =>
        send(connection, make(DeclineJob, { job_uuid, reason: 'busy', message: 'Full.' })),
    };
    const { metadata } = await scene.facilitator.update(await toTrusted(), 'rejected');
    expect(metadata!.job_rejection_details).toMatchObject({ rejected_by: 'miner', message: 'Full.' });
    for (const table of ['miner_incident', 'blacklisted_miner'])
      expect(await scene.place.query(`select 1 from ${table}`)).toEqual([]);
    expect(scene.miner.received.items).toEqual([]);
    expect(await scene.place.query('select distinct miner_hotkey from attempt')).toEqual([
      { miner_hotkey: trustedMinerHotkey },
    ]);
  });
});
