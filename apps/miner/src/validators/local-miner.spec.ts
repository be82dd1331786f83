import { Keypair } from '@horde/identity';
import { JobFinished, make } from '@horde/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RecordingManager } from '@horde/testing/recording-manager';
import { ScriptedValidator } from '@horde/testing/validator-miner/scripted-validator';
import { MinerUnderTest } from '../testing/miner.ts';

const key = Keypair.generate();
/** What ComputeHorde's validators call their trusted miner. */
const placeholder = '0'.repeat(48);
let miner: MinerUnderTest;

beforeAll(async () => {
  miner = await MinerUnderTest.start(new RecordingManager(), {
    isLocalMiner: true,
    localMinerValidator: key.address,
  });
});
afterAll(() => miner.close());

describe('a local miner', () => {
  it('serves its validator under the placeholder hotkey, and keeps no receipts', async () => {
    const validator = new ScriptedValidator(() => miner.url, placeholder, key);
    const { connection, job_uuid } = await validator.accepted();
    const executor = await miner.executor(await miner.manager.token(job_uuid));
    await executor.send(
      make(JobFinished, { job_uuid, docker_process_stdout: '', docker_process_stderr: '' }),
    );
    await connection.next('V0JobFinishedRequest');
    await connection.send(validator.finished(job_uuid));
    await connection.settled();
    expect(await miner.query('select 1 from receipt')).toEqual([]);
    expect(await miner.query('select 1 from outbox')).toEqual([]);
  });

  it('knows no other validator', async () => {
    const stranger = await miner.validator();
    const connection = await stranger.connect();
    await connection.send(stranger.auth());
    expect((await connection.next('GenericError')).details).toMatch(/knows no validator/);
  });
});
