import { JobFinished, make } from '@horde/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RecordingManager } from '@horde/testing/recording-manager';
import { Validators } from '../directory/validators.ts';
import { MinerUnderTest } from '../testing/miner.ts';
import { DepartedValidators } from './departed-validators.ts';

let miner: MinerUnderTest;

beforeAll(async () => {
  miner = await MinerUnderTest.start(new RecordingManager());
});
afterAll(() => miner.close());

describe('a validator that has left the chain', () => {
  it('has new jobs declined at once, its running one ends as usual, and then its connection is closed', async () => {
    const validator = miner.stranger();
    const staying = miner.stranger();
    // Not by the chain, which lists nobody here: the miner reads it whenever it wants to.
    const chainHas = (...hotkeys: string[]) => miner.part(Validators).update(hotkeys);
    await chainHas(validator.hotkey, staying.hotkey);
    const { connection, job_uuid } = await validator.accepted();
    await chainHas(staying.hotkey);
    await connection.send(validator.signed(validator.initial()));
    await connection.next('V0AcceptJobRequest');
    await chainHas(staying.hotkey);
    await connection.send(validator.signed(validator.initial()));
    expect(await connection.next('V0DeclineJobRequest')).toMatchObject({
      reason: 'validator_blacklisted',
      message: 'This validator is not active: the chain does not list it, and the operator has not added it.',
    });

    const departed = miner.part(DepartedValidators);
    await departed.sweep();
    await connection.settled();
    const executor = await miner.executor(await miner.manager.token(job_uuid));
    await executor.send(
      make(JobFinished, { job_uuid, docker_process_stdout: '', docker_process_stderr: '' }),
    );
    expect(await connection.next('V0JobFinishedRequest')).toMatchObject({ job_uuid });
    await miner.query('update job set ended_at = now(), settled_at = now()');
    await departed.sweep();
    expect((await connection.next('GenericError')).details).toMatch(/not active/);
    expect(connection.connection.isOpen).toBe(true);
    expect(await connection.connection.closed).toMatchObject({ code: 1000 });
    expect(await miner.part(Validators).isActive(staying.hotkey)).toBe(true);
  });
});
