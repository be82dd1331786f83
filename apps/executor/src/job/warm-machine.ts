import { steadyNow } from '@horde/async';
import type { ExecutorClass } from '@horde/protocol';
import type { Machine } from './machine.ts';

/** How long the machine's check is believed. @unit ms */
const believed = 3_600_000;

/** The machine of an executor that waits for its job: checked and described for jobs of one class. */
export class WarmMachine {
  private readonly since = steadyNow();

  constructor(
    private readonly machine: Machine,
    private readonly executorClass: ExecutorClass,
  ) {}

  /**
   * The machine for the job that has come: this one, or a fresh one where this was made ready for another class, or too
   * long ago.
   *
   * @param open opens a fresh one
   */
  async forJob(
    executorClass: ExecutorClass,
    jobUuid: string,
    open: () => Promise<Machine>,
  ): Promise<Machine> {
    if (executorClass === this.executorClass && steadyNow() - this.since < believed) return this.machine;
    const [fresh] = await Promise.all([open(), this.machine.close(jobUuid)]);
    return fresh;
  }
}
