import { toolsImage } from '@horde/job-runner';
import { engine } from '../doctor/engine.ts';
import { managerKind } from '../executors/executor-manager-names.ts';
import type { MinerSettings } from '../settings.ts';

/**
 * An image that every machine of this miner's executors has already: test jobs need no registry.
 *
 * @returns the executors' own image; where they are processes, the one of their helpers, made on this machine's engine
 * @throws Error with a sentence when there is none
 */
export async function testImage(
  { executorManager, executorImage }: MinerSettings,
  environment: Record<string, string | undefined>,
): Promise<string> {
  if (managerKind(executorManager) !== 'process') return executorImage;
  // Nothing is run in an image there, so any name will do.
  if (environment['JOB_RUNNER'] === 'process') return 'none';
  return toolsImage(engine(environment));
}
