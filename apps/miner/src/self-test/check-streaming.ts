import { randomBytes } from 'node:crypto';
import { isIP } from 'node:net';
import { isPublic } from '@horde/executor-manager';
import { verifyHex } from '@horde/identity';
import { streamingText, type ExecutorClass, type StreamingJobReady } from '@horde/protocol';
import { hostAndPort } from '../connections/own-address.ts';
import {
  askStreamingJob,
  fail,
  ok,
  fullReasonOf,
  makeStreamingUser,
  warn,
  type Finding,
  type StreamingPlace,
  type StreamingUser,
} from '@horde/commands';
import { notDone, seconds, type JobChecked } from './check-job.ts';
import { runTestJob, type TestedMiner } from './run-test-job.ts';
import { streamingJob } from './test-job.ts';

const check = 'streaming job';

/** Runs a streaming job, and connects to it as its user does. */
export async function checkStreaming(
  miner: TestedMiner,
  executorClass: ExecutorClass,
  image: string,
): Promise<JobChecked> {
  const word = randomBytes(8).toString('hex');
  const user = await makeStreamingUser();
  let host = '';
  let place = '';
  let problem: Finding | null = null;
  try {
    const { jobUuid, tookMs } = await runTestJob(miner, streamingJob(executorClass, image, word), {
      certificate: user.cert,
      use: async (ready) => {
        host = ready.ip ?? 'nowhere';
        place = hostAndPort(host, ready.port);
        problem = await visit(miner, ready, user, word);
      },
    });
    const done = `Reached at ${place}, completed in ${seconds(tookMs)}`;
    return { jobUuid, finding: problem ?? reached(done, host, miner.address) };
  } catch (error) {
    miner.signal.throwIfAborted();
    return { jobUuid: null, finding: problem ?? notDone(check, error) };
  }
}

/**
 * The verdict on a job that was reached from here: its users may be elsewhere.
 *
 * @param done what was done, without a full stop
 * @param host where the job was reached
 * @param miner where the miner is, `host:port`
 */
export function reached(done: string, host: string, miner: string): Finding {
  const minerIsPublic = isPublic(miner.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1'));
  if (!minerIsPublic || isIP(host) === 0 || isPublic(host)) return ok(check, `${done}.`);
  const fix =
    "Set BITTENSOR_MINER_ADDRESS for jobs on the miner's own machine, the public_address of the server for others.";
  return warn(check, `${done}; but nobody on the internet reaches ${host}.`, fix);
}

/** Talks to the job, and ends it. @returns what is amiss; null: nothing */
async function visit(
  { validator, signal }: TestedMiner,
  ready: StreamingJobReady,
  user: StreamingUser,
  word: string,
): Promise<Finding | null> {
  if (ready.ip === null) {
    const fix = 'Set BITTENSOR_MINER_ADDRESS, or the public_address of the server.';
    return fail(check, 'The miner does not know where users reach the job.', fix);
  }
  const place: StreamingPlace = { host: ready.ip, port: ready.port, certificate: ready.public_key };
  const where = hostAndPort(ready.ip, ready.port);
  if (!ready.miner_signature || !verifyHex(streamingText(ready), ready.miner_signature, validator.miner)) {
    const fix = 'Report it: the miner signs this itself.';
    return fail(check, 'The miner has not signed where the job listens.', fix);
  }
  try {
    const answer = await askStreamingJob(place, '/word', user, signal);
    if (answer !== `200 ${word}`) throw new Error(`it answers ${JSON.stringify(answer.slice(0, 200))}`);
    if (await letsStrangersIn(place, signal)) {
      const fix = 'Report it: whoever knows the address can use the job.';
      return fail(check, `The job at ${where} answers users without a certificate.`, fix);
    }
    await askStreamingJob(place, '/cgi-bin/terminate', user, signal);
    return null;
  } catch (error) {
    signal.throwIfAborted();
    const fix = `Let TCP port ${ready.port} through to the executor's machine. If users reach it elsewhere than at ${ready.ip}, set BITTENSOR_MINER_ADDRESS or the public_address of its server. Where this machine cannot reach its own public address, try from another one: curl -k https://${where}/ has to answer with 400 or 403.`;
    return fail(check, `The job does not answer at ${where}: ${fullReasonOf(error)}.`, fix);
  }
}

async function letsStrangersIn(place: StreamingPlace, signal: AbortSignal): Promise<boolean> {
  const answer = await askStreamingJob(place, '/word', {}, signal).catch(() => 'refused');
  return answer.startsWith('200 ');
}
