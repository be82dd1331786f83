import { CancelJob, ExecutionDone, ExecutorReady, GenericError, make, VolumesReady } from '@horde/protocol';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { DurableMiner } from '@horde/testing/miner-executor/durable-miner';
import { requests } from '@horde/testing/miner-executor/requests';
import { finished, lineWithJob, openLink } from '../testing/open-link.ts';

const all = [
  'V0ExecutorReadyRequest',
  'V0VolumesReadyRequest',
  'V0ExecutionDoneRequest',
  'V0JobFinishedRequest',
];
const steps = [ExecutorReady, VolumesReady, ExecutionDone];
const inAnHour = () => Date.now() + 3_600_000;

describe('a line on durable-1', () => {
  it('brings the requests, and closes when all that was sent is committed', async () => {
    const { miner, link, assignment, job, jobUuid, say } = await lineWithJob();
    expect(await assignment.job).toEqual(job);
    say(...steps);
    await link.deliver(finished(jobUuid));
    expect(miner.types).toEqual(all);
    expect(miner.arrived).toEqual([1, 2, 3, 4]);
    expect(await miner.closed).toMatchObject({ code: 1000 });
  });

  it('is not closed, and counts as not delivered, before the result is committed', async () => {
    const { miner, link, jobUuid } = await lineWithJob();
    const commit = Promise.withResolvers<void>();
    const arrived = Promise.withResolvers<void>();
    miner.beforeCommit = () => {
      arrived.resolve();
      return commit.promise;
    };
    let isDelivered = false;
    const delivered = link.deliver(finished(jobUuid)).then(() => (isDelivered = true));
    await arrived.promise;
    expect(isDelivered).toBe(false);
    commit.resolve();
    await delivered;
    expect(miner.types).toEqual(['V0JobFinishedRequest']);
  });

  it.each([1, 2, 3, 4].flatMap((number) => [[number, 'before'] as const, [number, 'after'] as const]))(
    'brings everything once and in order when it is cut at message %i, %s its commit',
    async (number, when) => {
      const { miner, link, jobUuid, say } = await lineWithJob();
      let isCut = false;
      const cut = (at: number) => {
        if (at !== number || isCut) return;
        isCut = true;
        miner.cut();
      };
      if (when === 'before') miner.beforeCommit = cut;
      else miner.afterCommit = cut;
      say(...steps);
      await link.deliver(finished(jobUuid), inAnHour());
      expect(miner.types).toEqual(all);
      expect(miner.connections).toBe(2);
    },
  );

  it('brings everything once and in order when it is cut at each message', async () => {
    const { miner, link, jobUuid, say } = await lineWithJob();
    const cuts = new Set<number>();
    miner.afterCommit = (number) => {
      if (!cuts.has(number)) miner.cut();
      cuts.add(number);
    };
    for (const step of steps) {
      say(step);
      await expect.poll(() => miner.types.length).toBe(cuts.size);
    }
    await link.deliver(finished(jobUuid), inAnHour());
    expect(miner.types).toEqual(all);
    expect(miner.connections).toBeGreaterThanOrEqual(5);
  });

  it('takes what the miner repeats only once', async () => {
    const { miner, link, assignment, jobUuid, say } = await lineWithJob();
    await assignment.job;
    miner.repeat(1);
    miner.repeat(2);
    miner.repeat(1);
    miner.cut();
    await miner.connected(2);
    say(ExecutorReady);
    await link.deliver(finished(jobUuid));
    expect(miner.plain).toEqual([]);
  });

  it('gets what the miner has come to say while it was down', async () => {
    const { miner, assignment, jobUuid, say } = await lineWithJob();
    say(ExecutorReady);
    await miner.has('V0ExecutorReadyRequest');
    await miner.goAway();
    miner.give(make(CancelJob, { job_uuid: jobUuid, cancelled_by: 'the user' }));
    await miner.comeBack();
    expect(await assignment.cancellation).toMatchObject({ cancelled_by: 'the user' });
  });
});

describe('a miner that is away', () => {
  it('while the job ends, for longer than it may be at the start, still gets the result', async () => {
    const { miner, link, failures, jobUuid, say } = await lineWithJob({ minerAbsenceLimit: 0 });
    say(ExecutorReady);
    await miner.has('V0ExecutorReadyRequest');
    await miner.goAway();
    say(VolumesReady, ExecutionDone);
    const delivered = link.deliver(finished(jobUuid), inAnHour());
    await expect.poll(failures).toBeGreaterThanOrEqual(3);
    await miner.comeBack();
    await delivered;
    expect(miner.types).toEqual(all);
  });

  it('until the deadline of the delivery is given up', async () => {
    const { miner, link, jobUuid } = await lineWithJob({ minerAbsenceLimit: 0 });
    await miner.goAway();
    const deadline = Date.now() + 500;
    const delivered = link.deliver(finished(jobUuid), deadline);
    await expect(delivered).rejects.toThrow('The miner did not take the result in time.');
    expect(Date.now()).toBeGreaterThanOrEqual(deadline);
  });

  it('is waited for after the job as long as at the start, also when the deadline is over', async () => {
    const { miner, link, failures, jobUuid } = await lineWithJob({ minerAbsenceLimit: 60 });
    await miner.goAway();
    const delivered = link.deliver(finished(jobUuid), 0);
    await expect.poll(failures).toBeGreaterThanOrEqual(2);
    await miner.comeBack();
    await delivered;
    expect(miner.types).toEqual(['V0JobFinishedRequest']);
  });
});

describe('a miner that is there', () => {
  it('and does not take the result until the deadline is given up', async () => {
    const { miner, link, jobUuid } = await lineWithJob({ minerAbsenceLimit: 0 });
    miner.beforeCommit = () => new Promise(() => {});
    await expect(link.deliver(finished(jobUuid), Date.now() + 300)).rejects.toThrow(
      'The miner did not take the result in time.',
    );
  });

  it('and whose database fails for a while gets the result when it works again', async () => {
    const { miner, link, jobUuid } = await lineWithJob();
    let failures = 0;
    miner.beforeCommit = () => {
      if (++failures <= 12) throw new Error('The database is down.');
    };
    vi.spyOn(Math, 'random').mockReturnValue(-0.49); // hardly any pauses
    onTestFinished(() => void vi.restoreAllMocks());
    await link.deliver(finished(jobUuid), inAnHour());
    expect(miner.types).toEqual(['V0JobFinishedRequest']);
    expect(failures).toBe(13);
  });

  it('and finds the result too large, however often it comes, is given up', async () => {
    const { miner, link, jobUuid } = await lineWithJob();
    vi.spyOn(Math, 'random').mockReturnValue(-0.49);
    onTestFinished(() => void vi.restoreAllMocks());
    miner.beforeCommit = () => miner.close(1009);
    await expect(link.deliver(finished(jobUuid), inAnHour())).rejects.toThrow(
      'The miner did not take the result in 10 tries: closed with 1009',
    );
  });

  it('whose database was put back to an earlier state hears everything after that again', async () => {
    const { miner, link, jobUuid, say } = await lineWithJob();
    say(...steps);
    await miner.has('V0ExecutionDoneRequest');
    miner.database.received = 1;
    miner.database.taken.length = 1;
    miner.cut();
    await link.deliver(finished(jobUuid), inAnHour());
    expect(miner.types).toEqual(all);
    expect(miner.arrived).toEqual([1, 2, 3, 2, 3, 4]);
  });

  it('and knows more of the job than this executor has said is another executor’s', async () => {
    const { miner, link } = await lineWithJob();
    miner.database.received = 7;
    miner.cut();
    await expect(link.deliver(finished('a-job'), inAnHour())).rejects.toThrow(
      'The miner refuses the token: it knows more of this job than this executor has said',
    );
  });

  it('and speaks of another job is told so, and changes nothing', async () => {
    const { miner, link, jobUuid } = await lineWithJob();
    const other = requests();
    miner.database.requests.push(JSON.stringify(other.job));
    miner.database.job = other.jobUuid;
    miner.repeat(3);
    await expect.poll(() => miner.plain).toHaveLength(1);
    expect(miner.plain[0]).toMatchObject({
      message_type: 'GenericError',
      details: `This executor has job ${jobUuid}, not ${other.jobUuid}.`,
    });
    await link.deliver(finished(jobUuid));
  });

  it('and refuses the token ends the line', async () => {
    const miner = await DurableMiner.start();
    const { link } = openLink(miner);
    await miner.connected();
    miner.say(make(GenericError, { details: 'unknown token' }));
    await expect.poll(() => link.gone.aborted).toBe(true);
    expect(String(link.gone.reason)).toContain('The miner refuses the token: unknown token');
  });

  it('and speaks plain v0 after a restart is told everything again', async () => {
    const { miner, link, jobUuid, say } = await lineWithJob();
    say(ExecutorReady);
    await miner.has('V0ExecutorReadyRequest');
    miner.extensions = [];
    await miner.goAway();
    await miner.comeBack();
    await miner.connected(2);
    await link.deliver(finished(jobUuid));
    const types = miner.plain.map(({ message_type }) => message_type);
    expect(types).toEqual(['V0ExecutorReadyRequest', 'V0JobFinishedRequest']);
  });
});
