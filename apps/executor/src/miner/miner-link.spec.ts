import { ExecutorReady, GenericError, JobFinished, JobRequest, make, VolumesReady } from '@horde/protocol';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { requests } from '@horde/testing/miner-executor/requests';
import { type Frame, ScriptedMiner } from '@horde/testing/miner-executor/scripted-miner';
import { finished, openLink } from '../testing/open-link.ts';

const types = (frames: { message_type: string }[]) => frames.map(({ message_type }) => message_type);

describe('the line to the miner', () => {
  it('brings the two requests, and delivers a result behind everything else', async () => {
    const miner = await ScriptedMiner.start();
    const { link, assignment } = openLink(miner);
    const executor = await miner.executor();
    expect(executor.token).toBe('secret-token');
    const { initial, job, jobUuid } = requests();
    await executor.say(initial, job);
    expect(await assignment.initial).toEqual(initial);
    expect(await assignment.job).toEqual(job);
    link.send(make(ExecutorReady, { job_uuid: jobUuid }));
    await link.deliver(finished(jobUuid));
    expect(types(executor.frames)).toEqual(['V0ExecutorReadyRequest', 'V0JobFinishedRequest']);
    expect(await executor.closed).toMatchObject({ code: 1000 });
  });

  it('comes back after a cut, and says everything again in order', async () => {
    const miner = await ScriptedMiner.start();
    const { link } = openLink(miner);
    const first = await miner.executor();
    const { initial, jobUuid } = requests();
    await first.say(initial);
    link.send(make(ExecutorReady, { job_uuid: jobUuid }));
    await first.next();
    first.cut();
    link.send(make(VolumesReady, { job_uuid: jobUuid }));
    const second = await miner.executor();
    expect(second.token).toBe('secret-token');
    await second.say(initial);
    await link.deliver(finished(jobUuid));
    expect(types(second.frames)).toEqual([
      'V0ExecutorReadyRequest',
      'V0VolumesReadyRequest',
      'V0JobFinishedRequest',
    ]);
  });

  it('delivers a result again when the connection is cut under it', async () => {
    const miner = await ScriptedMiner.start();
    const { link } = openLink(miner);
    const first = await miner.executor();
    const { initial, jobUuid } = requests();
    await first.say(initial);
    first.cut();
    const delivered = link.deliver(finished(jobUuid));
    const second = await miner.executor();
    await second.say(initial);
    await delivered;
    expect(types(second.frames)).toEqual(['V0JobFinishedRequest']);
  });

  it('takes all the time that a large result needs, and closes only behind it', async () => {
    const miner = await ScriptedMiner.start();
    const { link } = openLink(miner);
    const executor = await miner.executor();
    const { initial, jobUuid } = requests();
    await executor.say(initial, make(GenericError, { details: 'you are in' }));
    link.send(make(ExecutorReady, { job_uuid: jobUuid }));
    await executor.next();
    executor.read(false);
    onTestFinished(() => void vi.useRealTimers());
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const delivered = link.deliver(
      make(JobFinished, { ...finished(jobUuid), docker_process_stdout: 'a'.repeat(15_000_000) }),
    );
    vi.advanceTimersByTime(60_000);
    executor.read(true);
    await delivered;
    expect(types(executor.frames)).toEqual(['V0ExecutorReadyRequest', 'V0JobFinishedRequest']);
    expect(await executor.closed).toMatchObject({ code: 1000 });
  });

  it('takes the same requests again without a word, and refuses others', async () => {
    const miner = await ScriptedMiner.start();
    const { assignment } = openLink(miner);
    const executor = await miner.executor();
    const { initial, job } = requests();
    const other = requests();
    const changed = make(JobRequest, { ...job, docker_run_cmd: ['false'] });
    await executor.say(job, initial, initial, job, job, other.initial, other.job, changed);
    await assignment.job;
    await executor.say(make(GenericError, { details: 'a word of the miner is only noted' }), other.initial);
    const details: Frame[] = [];
    while (details.length < 5) details.push(await executor.next());
    expect(details.map((frame) => frame['details'])).toEqual([
      'A V0JobRequest came before the V0InitialJobRequest.',
      'This executor already has a job.',
      `This executor has job ${initial.job_uuid}, not ${other.job.job_uuid}.`,
      'This executor already has its job request.',
      'This executor already has a job.',
    ]);
  });

  it('answers a frame that it cannot read', async () => {
    const miner = await ScriptedMiner.start();
    openLink(miner);
    const executor = await miner.executor();
    await executor.say(finished('a-job'));
    expect(await executor.next()).toMatchObject({ message_type: 'GenericError' });
  });

  it('gives up its own job, and no other, for a job request that it cannot read', async () => {
    const miner = await ScriptedMiner.start();
    const { assignment } = openLink(miner);
    const executor = await miner.executor();
    const { initial, job } = requests();
    const unreadable = make(JobRequest, { ...job, docker_run_cmd: 'true' as never });
    await executor.say(
      unreadable,
      initial,
      make(JobRequest, { ...unreadable, job_uuid: 'other' }),
      finished(job.job_uuid),
      job,
    );
    expect(await assignment.job).toMatchObject({ job_uuid: job.job_uuid });

    const second = await ScriptedMiner.start();
    const { assignment: spoilt } = openLink(second);
    await (await second.executor()).say(initial, unreadable, job);
    await expect(spoilt.job).rejects.toMatchObject({ code: 'JOB_REQUEST_UNREADABLE' });
  });

  it('ends when the token is refused, without showing it', async () => {
    const miner = await ScriptedMiner.start();
    const { link } = openLink(miner);
    const executor = await miner.executor();
    await executor.say(make(GenericError, { details: 'unknown token secret-token' }));
    await executor.closed;
    expect(String(link.gone.reason)).toContain('The miner refuses the token: unknown token [token]');
    await expect(link.deliver(finished('a-job'))).rejects.toThrow('refuses');
  });

  it('ends when the miner takes its executor back no more', async () => {
    const miner = await ScriptedMiner.start();
    const { link } = openLink(miner);
    const first = await miner.executor();
    const { initial, jobUuid } = requests();
    await first.say(initial);
    first.cut();
    const delivered = link.deliver(finished(jobUuid));
    const second = await miner.executor();
    await second.say(make(GenericError, { details: 'the job is over' }));
    await expect(delivered).rejects.toThrow('The miner refuses the token');
  });

  it('ends when the miner breaks off each time that it is to take the result', async () => {
    const miner = await ScriptedMiner.start();
    const { link } = openLink(miner);
    const first = await miner.executor();
    const { initial, jobUuid } = requests();
    await first.say(initial);
    const delivered = link.deliver(finished(jobUuid));
    delivered.catch(() => {}); // looked at below
    first.cut();
    for (let again = 1; again < 10; again++) {
      const executor = await miner.executor();
      executor.read(false);
      await executor.say(initial);
      executor.close(1009);
      executor.read(true);
    }
    await expect(delivered).rejects.toThrow('did not take the result in 10 tries: closed with 1009');
  });

  it('ends when there is no miner to be reached', async () => {
    const miner = await ScriptedMiner.start();
    await miner.close();
    const { link } = openLink(miner, { minerAbsenceLimit: 0 });
    await expect(link.opened).rejects.toThrow(/could not be reached for 0 s: connect ECONNREFUSED/);
  });
});
