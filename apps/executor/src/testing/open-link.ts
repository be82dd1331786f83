import { createLogger } from '@horde/operations';
import { JobFinished, make } from '@horde/protocol';
import { onTestFinished, vi } from 'vitest';
import { DurableMiner } from '@horde/testing/miner-executor/durable-miner';
import { requests } from '@horde/testing/miner-executor/requests';
import { Assignment } from '../miner/assignment.ts';
import { MinerLink } from '../miner/miner-link.ts';
import { ExecutorSettings } from '../settings.ts';

/** An executor's line to a miner, without the executor; given up when the test is over. */
export function openLink(miner: { readonly address: string }, settings: Partial<ExecutorSettings> = {}) {
  const logger = createLogger('executor');
  logger.level = 'silent';
  const warned = vi.spyOn(logger, 'warn');
  const all = { minerAddress: miner.address, executorToken: 'secret-token', ...settings };
  const assignment = new Assignment();
  const link = new MinerLink(Object.assign(new ExecutorSettings(), all), assignment, logger);
  link.open();
  onTestFinished(() => link.abandon('The test is over.'));
  /** How often it was not, or no longer, connected to the miner. */
  const failures = () => warned.mock.calls.length;
  return { link, assignment, failures };
}

/** The result of a job that printed this. */
export const finished = (jobUuid: string, stdout = '') =>
  make(JobFinished, { job_uuid: jobUuid, docker_process_stdout: stdout, docker_process_stderr: '' });

/** A miner with a job, and the line of the job's executor. */
export async function lineWithJob(settings = {}) {
  const miner = await DurableMiner.start();
  const { initial, job, jobUuid } = requests();
  miner.give(initial, job);
  const { link, assignment, failures } = openLink(miner, settings);
  await assignment.initial;
  const say = (...types: (new () => { job_uuid: string })[]) => {
    for (const type of types) link.send(make(type, { job_uuid: jobUuid }));
  };
  return { miner, link, assignment, failures, initial, job, jobUuid, say };
}
