import { CancelJob, ExecutorReady, JobOutput, make } from '@horde/protocol';
import { describe, expect, it } from 'vitest';
import { DurableMiner } from '@horde/testing/miner-executor/durable-miner';
import { requests } from '@horde/testing/miner-executor/requests';
import { OutputFeed } from './output-feed.ts';
import { finished, lineWithJob, openLink } from '../testing/open-link.ts';
import { Released } from './miner-link.ts';

describe('a cancellation', () => {
  it('reaches the executor', async () => {
    const { miner, assignment, jobUuid } = await lineWithJob();
    const cancel = make(CancelJob, {
      job_uuid: jobUuid,
      cancelled_by: 'the user',
      message: 'changed my mind',
    });
    miner.give(cancel);
    expect(await assignment.cancellation).toEqual(cancel);
  });

  it.each([
    ['before there is a job', false, 'A V0CancelJobRequest came before the V0InitialJobRequest.'],
    ['of another job', true, /^This executor has job .*, not another\.$/],
  ])('%s is refused', async (_when, withJob, sentence) => {
    const miner = await DurableMiner.start();
    const { assignment } = openLink(miner);
    await miner.connected();
    if (withJob) miner.give(requests().initial);
    if (withJob) await assignment.initial;
    miner.say(make(CancelJob, { job_uuid: 'another', cancelled_by: 'the user' }));
    await expect.poll(() => miner.plain).toHaveLength(1);
    expect(miner.plain[0]!['details']).toMatch(sentence);
  });
});

describe('live output', () => {
  it('goes to a miner that takes it, and goes on where it was when the line is back', async () => {
    const { miner, link, jobUuid, say } = await lineWithJob();
    const feed = new OutputFeed();
    link.follow(jobUuid, feed);
    say(ExecutorReady);
    feed.write('stdout', Buffer.from('one\n'));
    await expect.poll(() => miner.output).toHaveLength(1);
    await miner.goAway();
    feed.write('stdout', Buffer.from('two\n'));
    await miner.comeBack();
    await expect.poll(() => miner.output).toHaveLength(2);
    expect(miner.output.map(({ offset, text }) => [offset, text])).toEqual([
      [0, 'one\n'],
      [4, 'two\n'],
    ]);
    expect(miner.output[0]).toEqual({
      ...make(JobOutput, { job_uuid: jobUuid, stream: 'stdout', offset: 0, text: 'one\n' }),
    });
  });

  it('goes before the result', async () => {
    const { miner, link, jobUuid } = await lineWithJob();
    const feed = new OutputFeed();
    link.follow(jobUuid, feed);
    for (const word of ['one ', 'two ', 'three']) {
      feed.write('stderr', Buffer.from(word));
      await new Promise((resolve) => setImmediate(resolve));
    }
    feed.end();
    let before = '';
    miner.beforeCommit = () => (before = miner.output.map(({ text }) => text).join(''));
    await link.deliver(finished(jobUuid));
    expect(before).toBe('one two three');
  });

  it('does not go to a miner that has not asked for it', async () => {
    const miner = await DurableMiner.start(['durable-1']);
    const { initial, jobUuid } = requests();
    miner.give(initial);
    const { link, assignment } = openLink(miner);
    await assignment.initial;
    const feed = new OutputFeed();
    link.follow(jobUuid, feed);
    feed.write('stdout', Buffer.from('one\n'));
    feed.end();
    await link.deliver(finished(jobUuid));
    expect(miner.plain).toEqual([]);
  });
});

describe('the line of a warm executor', () => {
  const warm = { executorToken: 'warm-7c2d0f34' };

  it('waits for a job for any time, and then is as any other', async () => {
    const miner = await DurableMiner.start();
    const { link, assignment } = openLink(miner, warm);
    await miner.connected();
    expect(miner.token).toBe('warm-7c2d0f34');
    const { initial, job, jobUuid } = requests();
    miner.give(initial, job);
    expect(await assignment.job).toEqual(job);
    await link.deliver(finished(jobUuid));
    expect(miner.types).toEqual(['V0JobFinishedRequest']);
  });

  it('comes back when it is cut before there is a job', async () => {
    const miner = await DurableMiner.start();
    const { assignment } = openLink(miner, warm);
    await miner.connected();
    miner.cut();
    await miner.connected(2);
    const { initial } = requests();
    miner.give(initial);
    expect(await assignment.initial).toEqual(initial);
  });

  it('is let go when the miner closes it before there is a job', async () => {
    const { miner, link } = await idle();
    miner.close(1000);
    await expect.poll(() => link.gone.aborted).toBe(true);
    expect(link.gone.reason).toEqual(new Released('The miner needs this executor no longer.'));
  });

  it('is let go when the miner stays away before there is a job', async () => {
    const { miner, link } = await idle();
    await miner.goAway();
    await expect.poll(() => link.gone.aborted).toBe(true);
    expect(String(link.gone.reason)).toMatch(
      /could not be reached for \d+ s, and this executor has no job\./,
    );
  });

  /** A warm executor that has connected and waits. */
  async function idle() {
    const miner = await DurableMiner.start();
    const { link } = openLink(miner, { ...warm, minerAbsenceLimit: 0 });
    await link.opened;
    return { miner, link };
  }
});
