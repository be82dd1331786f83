import { randomUUID } from 'node:crypto';
import { make, SingleFileVolume } from '@horde/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RecordingManager } from '@horde/testing/recording-manager';
import { MinerUnderTest } from '../testing/miner.ts';

let miner: MinerUnderTest;

beforeAll(async () => {
  miner = await MinerUnderTest.start(new RecordingManager({ 'always_on.test': 100 }));
});
afterAll(() => miner.close());

describe('a job request', () => {
  const accepted = async (changes = {}) => {
    const validator = await miner.validator();
    return { validator, ...(await validator.accepted(changes)) };
  };
  const volume = make(SingleFileVolume, { url: 'https://example.org/a', relative_path: 'a' });

  it('for a job that the validator has not here is refused', async () => {
    const { job_uuid } = await accepted();
    const validator = await miner.validator();
    const connection = await validator.login();
    for (const uuid of [job_uuid, randomUUID(), 'x']) {
      await connection.send(validator.payload(uuid));
      expect((await connection.next('GenericError')).details).toMatch(/no job .* of yours/);
    }
    expect(await miner.query('select job_request from job where uuid = $1', job_uuid)).toEqual([
      { job_request: null },
    ]);
  });

  it('with a second volume is refused', async () => {
    const { validator, connection, job_uuid } = await accepted({ volume });
    await connection.send(validator.signed(validator.payload(job_uuid, { volume })));
    expect((await connection.next('GenericError')).details).toMatch(
      /has a volume in its initial request and another/,
    );
    await connection.send(validator.signed(validator.payload(job_uuid)));
    await connection.settled();
    expect(
      await miner.query('select 1 from job where uuid = $1 and job_request is not null', job_uuid),
    ).toHaveLength(1);
  });

  it('whose signature was taken away ends the job', async () => {
    const { validator, connection, job_uuid } = await accepted();
    const token = await miner.manager.token(job_uuid);
    await connection.send(validator.payload(job_uuid));
    const says = (await connection.next('GenericError')).details;
    expect(says).toMatch(/not signed, but this validator has signed/);
    expect(await connection.next('V0DeclineJobRequest')).toMatchObject({
      job_uuid,
      reason: 'busy',
      message: says,
    });
    await expect.poll(() => miner.manager.stopped).toContain(token);
  });

  it('that comes again is passed on once', async () => {
    const { validator, connection, job_uuid } = await accepted();
    const executor = await miner.executor(await miner.manager.token(job_uuid));
    const payload = validator.signed(validator.payload(job_uuid));
    await connection.send(payload);
    await connection.send(payload);
    await connection.settled();
    await executor.next('V0JobRequest');
    await executor.settled();
    expect(executor.types()).toEqual(['V0InitialJobRequest', 'V0JobRequest', 'GenericError']);
  });

  it('that comes before the executor waits for it, and both frames arrive as the validator wrote them', async () => {
    const { validator, connection, job_uuid } = await accepted();
    await connection.send(validator.signed(validator.payload(job_uuid)));
    await connection.settled();
    const executor = await miner.executor(await miner.manager.token(job_uuid));
    await executor.next('V0JobRequest');
    const [row] = await miner.query('select initial_request, job_request from job where uuid = $1', job_uuid);
    expect(executor.texts).toEqual([row!['initial_request'], row!['job_request']]);
    expect(JSON.parse(executor.texts[1]!)).toMatchObject({ job_uuid, docker_run_cmd: ['echo', 'hi'] });
  });
});
