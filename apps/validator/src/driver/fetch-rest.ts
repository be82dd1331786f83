import type { Logger } from '@horde/operations';
import type { JobOutputs, UnfinishedOutput } from '../jobs/job-outputs.ts';
import type { MinerLinks } from '../miner/miner-links.ts';
import type { JobEnd } from '../miner/shared-link.ts';
import { AttemptOutput } from './attempt-output.ts';

/** How long a miner may take. @unit ms */
const limit = 10_000;

/** What it takes to fetch the rest of an output. */
interface RestParts {
  links: MinerLinks;
  outputs: JobOutputs;
  logger: Logger;
}

/** Fetches the rest of what an ended job has printed, over whichever connection there is to its miner. Never rejects. */
export async function fetchRest(
  { job_uuid, uuid, miner_hotkey: hotkey, miner_ip: ip, miner_port: port }: UnfinishedOutput,
  { links, outputs, logger }: RestParts,
  stopping: AbortSignal,
): Promise<void> {
  if (stopping.aborted) return;
  const output = new AttemptOutput(job_uuid, uuid, { outputs, logger });
  const end: JobEnd = {
    job: uuid,
    onMessage: async () => false, // its run has all that counts
    onResume: () => undefined,
    onOutput: () => undefined,
    onProgress: () => undefined,
    onChunk: (chunk) => output.take(chunk),
    onLost: () => undefined,
  };
  const signal = AbortSignal.any([stopping, AbortSignal.timeout(limit)]);
  try {
    const shared = await links.join({ hotkey, ip, port }, end, { attempts: 1, signal });
    try {
      await output.ask(shared.link, signal);
      await output.rest(limit, signal);
    } finally {
      shared.leave(end, true);
    }
  } catch (error) {
    logger.debug({ error }, 'the miner could not be asked for the rest of the output');
  }
}
