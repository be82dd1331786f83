import { pause } from '@horde/async';
import type { JobStatus } from '@horde/protocol';
import { HordeClientError, type HordeClient, type JobSpec } from '@horde/sdk';
import { reasonOf } from '@horde/network';
import { plain } from '../terminal/words.ts';

/** How the network is, as ComputeHorde's probe numbers it. */
export const severities = ['healthy', 'busy', 'unhealthy'] as const;
export type Severity = (typeof severities)[number];

/** How well it is that a probe's job has ended so. The network's failures count, which ComputeHorde's probe takes for health. */
function severityOf(status: JobStatus): Severity {
  if (status === 'completed') return 'healthy';
  return status === 'rejected' ? 'busy' : 'unhealthy';
}

export interface Probed {
  severity: Severity;
  /** What has happened, in a sentence. */
  sentence: string;
}

/** Runs one job, and says how the network is. @param timeout s @throws the signal's reason */
export async function probe(
  client: HordeClient,
  spec: JobSpec,
  timeout: number,
  signal: AbortSignal,
): Promise<Probed> {
  try {
    const job = await client.createJob(spec, { signal });
    try {
      await job.wait({ timeout, signal });
    } catch (error) {
      // Nobody looks at it any more.
      await job.cancel({ signal: AbortSignal.timeout(10_000) }).catch(() => undefined);
      throw error;
    }
    const severity = severityOf(job.status);
    return {
      severity,
      sentence: `${job.uuid} ${job.status}${job.error ? `: ${plain(job.error.message)}` : ''}`,
    };
  } catch (error) {
    signal.throwIfAborted();
    const sentence = error instanceof HordeClientError ? error.message : reasonOf(error);
    return { severity: 'unhealthy', sentence };
  }
}

export interface ProbeLoop {
  /** Until the next probe begins after one that ended so. @unit s */
  intervals: Record<Severity, number>;
  run: () => Promise<Probed>;
  /** @param launched when it began @unit ms since 1970 */
  tell: (probed: Probed, launched: number) => void;
}

/** Probes again and again. @throws the signal's reason */
export async function probeForEver({ intervals, run, tell }: ProbeLoop, signal: AbortSignal): Promise<never> {
  for (;;) {
    const launched = Date.now();
    const probed = await run();
    tell(probed, launched);
    await pause(intervals[probed.severity] * 1000, signal);
  }
}
